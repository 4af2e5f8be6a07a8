"""beta_0: components of the sublevel set, by an ascending merge tree.

Two voxels of the T-construction are connected if their closed cubes meet (26 neighbours, 8 in
2-D); two vertices of the V-construction if an edge joins them (6, or 4).
"""

from __future__ import annotations

import numpy as np

from ..compiling import making
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .directions import Direction
from .merges_by_level import change_by_level


@making
def count_components(work: Workspace, layout: Layout, top: bool, curve: np.ndarray) -> None:
    """Write beta_0 of every level, int64 (N,): roots so far less merges so far."""
    # Absent voxels are of the last level.
    change = change_by_level(work, Direction(True, top), layout, curve.size + 1)
    total = 0
    for level in range(curve.size):
        total += change[level]
        curve[level] = total
