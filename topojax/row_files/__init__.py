"""Arrays that may exceed the memory: read and made by rows, kept in files that survive a kill."""
