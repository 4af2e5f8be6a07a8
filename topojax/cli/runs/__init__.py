"""Commands that make a run, or read one."""
