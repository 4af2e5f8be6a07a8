"""Functions of known minimum, which searches are held against."""
