"""Births and merges of components as voxels enter one by one, from the edges between basins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from ..simple.critical import Critical
from .edges import Direction, trace
from .kruskal import join, sort_by_level


class Merges(NamedTuple):
    """What a direction brought, as flat positions.

    births: the voxels that found no neighbour there, in raster order.
    ends: the voxel that merges the component of each birth into an elder one; 0, which is border,
        where there is none.
    """

    births: np.ndarray
    ends: np.ndarray


@inner
def grow(
    work: Workspace, critical: Critical, direction: Direction, layout: Layout, n_levels: int
) -> Merges:
    """Let the voxels enter in order of level; return the roots and the merges.

    Args:
        work: `order` is overwritten, and what `trace` overwrites.
        n_levels: above the levels of all voxels.
    """
    births, edges = trace(work, critical, direction, layout)
    # What classification no longer needs has room for the indices of most images' edges.
    room = work.order.view(work.voxels.dtype)
    if room.size < edges.voxels.size:
        room = np.empty(edges.voxels.size, work.voxels.dtype)
    order = room[: edges.voxels.size]
    sort_by_level(work.levels, edges.voxels, n_levels, order)
    birth_levels = np.empty(births.size, work.levels.dtype)
    for k in range(births.size):
        birth_levels[k] = work.levels[births[k]]
    return Merges(births, join(edges, order, birth_levels, direction.ascending))


@inner
def change_by_level(levels: np.ndarray, merges: Merges, n_levels: int) -> np.ndarray:
    """Return births less ends of every level, int64 (n_levels,)."""
    change = np.zeros(n_levels, np.int64)
    for k in range(merges.births.size):
        change[levels[merges.births[k]]] += 1
        if merges.ends[k] > 0:
            change[levels[merges.ends[k]]] -= 1
    return change
