"""Merges of basins along their edges, by Kruskal's algorithm with the elder rule.

Edges are taken in the order in which their voxels enter; one that joins two components ends the
one whose root entered later (Edelsbrunner and Harer, Computational Topology, chapter VII).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from .basins import OUTSIDE
from .disjoint_set import find
from .edges import Edges


class Merges(NamedTuple):
    """What a direction brought, as flat positions.

    births: the voxels that found no neighbour there, in raster order.
    ends: the voxel that merges the component of each birth into an elder one; 0, which is border,
        where there is none.
    """

    births: np.ndarray
    ends: np.ndarray


@making
def join(edges: Edges, order: np.ndarray, birth_levels: np.ndarray, ascending: bool) -> np.ndarray:
    """Merge basins along the edges by Kruskal's algorithm; of two roots the younger one dies.

    Args:
        order: indices of edges from the lowest level up.
        birth_levels: unsigned, of the births.

    Returns:
        For every birth the voxel that ends it, or 0.
    """
    parent = np.empty(birth_levels.size + 1, edges.left.dtype)
    for k in range(parent.size):
        parent[k] = k
    ends = np.zeros(birth_levels.size, edges.voxels.dtype)
    for i in range(order.size):
        k = order[i if ascending else order.size - 1 - i]
        left, right = find(parent, edges.left[k]), find(parent, edges.right[k])
        if left != right:
            # Of two basins the first is the lower number, which the outside always is.
            first, second = min(left, right), max(left, right)
            if first == OUTSIDE or _first_is_elder(
                birth_levels[first - 1], birth_levels[second - 1], ascending
            ):
                elder, younger = first, second
            else:
                elder, younger = second, first
            parent[younger] = elder
            ends[younger - 1] = edges.voxels[k]
    return ends


@inner
def _first_is_elder(first: int, second: int, ascending: bool) -> bool:
    """Tell by the levels of two roots whether the one that is first in the raster entered first."""
    return first <= second if ascending else first > second
