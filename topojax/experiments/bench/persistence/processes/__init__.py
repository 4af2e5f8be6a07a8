"""What takes a process of its own: a first call with nothing compiled, a peak of memory."""
