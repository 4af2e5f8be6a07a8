"""The Betti numbers of every level, from what its voxels bring on the way up and down.

beta_0 counts components of the sublevel set. Two voxels of the T-construction are connected if
their closed cubes meet (26 neighbours, 8 in 2-D); two vertices of the V-construction if an edge
joins them (6, or 4).

beta_(d-1) counts cavities. The sublevel complex K at t is a compact subset of R^d. By Alexander
duality its reduced (d-1)-homology is the reduced 0-cohomology of S^d minus K: the cavities of K are
the components of its complement, less the unbounded one. An open complement of closed cubes joins
two absent voxels only through a common open face, so it is 6-connected for the T-construction (4 in
2-D). For the V-construction a cube is missing as soon as one of its vertices is, so that the
complement joins two absent vertices of the same cube: 26-connected (8). Voxels enter the complement
from the highest level down. Absent voxels are there from the start, and the border is the outside.

beta_1 of volumes counts loops. A voxel that meets u components on the way up and d on the way down
changes the Euler characteristic by d - u. Summed over a level, that is births less meetings
upwards, less the same downwards, and beta_1 = beta_0 + beta_2 - chi leaves meetings less merges: a
meeting upwards that merges nothing opens a loop, and one downwards, seen upwards, ends one. See
`ALGORITHM.md`.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from .merges_by_level import Events


@inner
def count_components(up: Events, curve: np.ndarray) -> None:
    """Write beta_0 of every level, int64 (N,): births so far less merges so far."""
    births, merges = up.births, up.merges
    total = 0
    for level in range(curve.size):
        total += births[level] - merges[level]
        curve[level] = total


@inner
def count_cavities(down: Events, curve: np.ndarray) -> None:
    """Write beta_(d-1) of every level, int64 (N,): components of the levels above, less one."""
    # The outside has no birth, which takes care of the one.
    births, merges = down.births, down.merges
    total = 0
    for level in range(curve.size - 1, -1, -1):
        total += births[level + 1] - merges[level + 1]
        curve[level] = total


@inner
def count_loops(up: Events, down: Events, curve: np.ndarray) -> None:
    """Write beta_1 of every level of a volume, int64 (N,)."""
    up_meetings, up_merges = up.meetings, up.merges
    down_meetings, down_merges = down.meetings, down.merges
    total = 0
    for level in range(curve.size):
        total += up_meetings[level] - up_merges[level]
        total -= down_meetings[level] - down_merges[level]
        curve[level] = total
