"""Commands that make or compare many runs, or time the machine."""
