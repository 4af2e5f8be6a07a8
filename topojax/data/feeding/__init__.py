"""Batches of images for networks, shuffled, padded and augmented."""
