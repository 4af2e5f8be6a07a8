"""Merge trees of critical voxels: components on the way up, cavities on the way down."""
