"""beta_(d-1): cavities of the sublevel set, by a descending merge tree of its complement.

The sublevel complex K at t is a compact subset of R^d. By Alexander duality its reduced
(d-1)-homology is the reduced 0-cohomology of S^d minus K: the cavities of K are the components of
its complement, less the unbounded one. An open complement of closed cubes joins two absent voxels
only through a common open face, so it is 6-connected for the T-construction (4 in 2-D). For the
V-construction a cube is missing as soon as one of its vertices is, so that the complement joins two
absent vertices of the same cube: 26-connected (8).

Voxels enter the complement from the highest level down. Absent voxels are there from the start, and
the border is the outside. A root is the last voxel of a cavity to be filled; the voxel that merges
two components of the complement is the one that, ascending, walls them off from each other. See
`ALGORITHM.md`.
"""

from __future__ import annotations

import numpy as np

from ..compiling import making
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .directions import Direction
from .merges_by_level import change_by_level


@making
def count_cavities(work: Workspace, layout: Layout, top: bool, curve: np.ndarray) -> None:
    """Write beta_(d-1) of every level, int64 (N,): components of the levels above, less one."""
    # The outside has no birth, which takes care of the one.
    change = change_by_level(work, Direction(False, not top), layout, curve.size + 1)
    total = 0
    for level in range(curve.size - 1, -1, -1):
        total += change[level + 1]
        curve[level] = total
