"""Edges between basins in raster order, for whoever needs to know which voxel joins which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .bands import words_in_raster
from .basins import rank_bits
from .directions import Direction, Side, side_of
from .meetings import Block, count_meetings, new_block, next_meetings, slopes_of


class Edges(NamedTuple):
    """Two basins, by their numbers, that meet when a voxel enters; arrays of one length."""

    voxels: np.ndarray
    left: np.ndarray
    right: np.ndarray


@making
def trace(work: Workspace, direction: Direction, layout: Layout) -> tuple[np.ndarray, Edges]:
    """Find the roots and the edges between their basins, both in raster order.

    Overwrites `ranks` and `milestones`.
    """
    side = side_of(work, direction, layout)
    births = rank_bits(side.roots, layout.n_words, work.ranks)
    return births, list_edges(work, side, layout)


@making
def list_edges(work: Workspace, side: Side, layout: Layout) -> Edges:
    """List the edges between basins, in raster order, once the roots are ranked."""
    slopes = slopes_of(work, side, layout)
    block = new_block(work.ranks)
    room = count_meetings(side, layout.n_words)
    # One more, since an edge is written before it is known to join two basins.
    edges = Edges(
        np.empty(room + 1, work.ranks.dtype),
        np.empty(room + 1, work.ranks.dtype),
        np.empty(room + 1, work.ranks.dtype),
    )
    words = words_in_raster(layout, work.ranks)
    at, count = 0, 0
    while at < words.size:
        at, n_first, n = next_meetings(work.levels, side, slopes, words, at, block)
        count = _append(block, n_first, n, edges, count)
    return Edges(edges.voxels[:count], edges.left[:count], edges.right[:count])


@inner
def _append(block: Block, n_first: int, n: int, edges: Edges, count: int) -> int:
    """Append the meetings of different basins, in raster order."""
    voxels, own, others, which = block.voxels, block.own, block.others, block.which
    at, left, right = edges.voxels, edges.left, edges.right
    further = n_first
    for first in range(n_first):
        at[count], left[count], right[count] = voxels[first], own[first], others[first]
        count += own[first] != others[first]
        while further < n and which[further] == first:
            at[count], left[count], right[count] = voxels[first], own[first], others[further]
            count += own[first] != others[further]
            further += 1
    return count
