"""What `chunked.py` measures of volumes in files, and what follows for larger ones."""
