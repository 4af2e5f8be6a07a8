"""Command lines that several benchmarks share."""
