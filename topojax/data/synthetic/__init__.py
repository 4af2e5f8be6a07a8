"""Synthetic images whose Betti numbers are known."""
