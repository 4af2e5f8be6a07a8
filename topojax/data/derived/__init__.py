"""Data sets made of others: fewer images, another size, nothing to learn."""
