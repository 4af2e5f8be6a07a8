"""Levels of a slab: at which of the thresholds a voxel enters."""

from __future__ import annotations

import numpy as np

from ..compiling import entry


@entry
def slab_levels(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the index of the first threshold not below each value, uint16; N where there is none.

    Args:
        values: float32 or float64 (D, H, W), without NaN.
        grid: float64 (N,), increasing, N below 2^16.
    """
    levels = np.empty(values.shape, np.uint16)
    out, flat = levels.reshape(values.size), values.reshape(values.size)
    for i in range(flat.size):
        low, high = 0, grid.size
        while low < high:
            middle = (low + high) >> 1
            if grid[middle] < flat[i]:
                low = middle + 1
            else:
                high = middle
        out[i] = low
    return levels
