"""beta_0: components of the sublevel set, by an ascending merge tree.

Two voxels of the T-construction are connected if their closed cubes meet (26 neighbours, 8 in
2-D); two vertices of the V-construction if an edge joins them (6, or 4).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .levels import Layout
from .merge_tree import Direction, grow
from .workspace import Workspace


@njit(cache=True, nogil=True)
def ascending(n_levels: int, allowed: int, top: bool) -> Direction:
    """Voxels enter from the lowest level up; absent ones never do."""
    return Direction(0, allowed, top, n_levels - 1)


@njit(cache=True, nogil=True)
def count_components(
    work: Workspace, direction: Direction, layout: Layout, curve: np.ndarray
) -> None:
    """Write beta_0 of every level, int64 (N,): roots so far less merges so far."""
    change = np.zeros(curve.size, np.int64)
    merges = grow(work, direction, layout, change)
    for k in range(merges):
        change[work.levels[work.merging[k]]] -= 1
    total = 0
    for level in range(curve.size):
        total += change[level]
        curve[level] = total
