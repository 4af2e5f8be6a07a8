"""Simple voxels told from critical ones, 64 voxels a machine word."""
