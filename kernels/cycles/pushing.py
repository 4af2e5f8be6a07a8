"""A cycle pushed off its latest voxel, again and again, until it cannot leave one.

The latest voxel of a cycle has an even number of the cycle's edges, which lead to vertices of its
link. Where ways in the link join these in pairs, the squares of the ways have the edges in their
boundary, and all else in it is earlier: the cycle plus this boundary is without the voxel. These
squares enter with it, earlier than what the cycle dies of, so that any of them may be added. A
voxel that a cycle cannot leave closes a loop as it enters, since the edges left over lead to
different components of its link.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from .chain import MOST_ADDED, add_across, graph_at, take_edges
from .joins import LEFT_OVER, WAY, way_in
from .queue import close_gaps, has_room, take_latest, voxel_of


@inner
def push_down(
    chain: np.ndarray,
    row: int,
    plane: int,
    steps: np.ndarray,
    joins: np.ndarray,
    queue: np.ndarray,
    end: int,
    waiting: int,
) -> tuple[np.uint64, int, int, int]:
    """Push a cycle down as far as it goes, or as the queue has room.

    Args:
        chain: uint64, one word a voxel; written.
        row, plane: flat distance of voxels above one another; `steps` of all six directions.
        joins: of `all_joins`.
        queue: owners of the cycle's edges; written.
        end, waiting: of the queue, and the codes that are in it.

    Returns:
        The code of the voxel that the cycle cannot leave and the directions left over there, which
        are taken out of the cycle, or 0; the queue's end, and the codes in it.
    """
    while waiting > 0 and has_room(queue, end, MOST_ADDED):
        code = take_latest(queue, end)
        waiting -= 1
        voxel = voxel_of(code)
        directions = take_edges(chain, voxel)
        if directions == 0:
            continue
        way = way_in(joins, graph_at(chain, row, plane, voxel), directions)
        before = end
        end = add_across(chain, steps, queue, end, voxel, way & WAY)
        waiting += end - before
        left_over = way >> LEFT_OVER
        if left_over != 0:
            return code, left_over, end, waiting
        end = close_gaps(queue, end, waiting)
    return np.uint64(0), 0, end, waiting
