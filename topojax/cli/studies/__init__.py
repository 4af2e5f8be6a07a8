"""Commands that make many runs, or time the machine."""
