"""The runs themselves: each kind by itself, and all that are planned."""
