"""Merge trees of images on the grid, by operations on all voxels at once."""
