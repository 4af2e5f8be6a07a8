"""Data sets behind a registration: their published layouts, read from a folder of the user's."""
