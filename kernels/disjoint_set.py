"""Disjoint sets of voxels, and the counting sort that orders their unions."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def find(parent: np.ndarray, element: int) -> int:
    """Root of the element's set, halving the path on the way (Tarjan and van Leeuwen 1984)."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element


@njit(cache=True, nogil=True)
def sort_by_level(
    voxels: np.ndarray, count: int, levels: np.ndarray, n_levels: int, ordered: np.ndarray
) -> None:
    """Write the first `count` voxels in the order (level, position in `voxels`)."""
    starts = np.zeros(n_levels + 1, np.int64)
    for k in range(count):
        starts[levels[voxels[k]] + 1] += 1
    for level in range(n_levels):
        starts[level + 1] += starts[level]
    for k in range(count):
        level = levels[voxels[k]]
        ordered[starts[level]] = voxels[k]
        starts[level] += 1
