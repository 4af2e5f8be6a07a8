"""How many components appear and merge at each level, from the edges between basins.

Where only counts are asked for, it does not matter which of two components ends. Edges are sorted
by level as they are found: how many there can be of each level is counted first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..machine_words import ONE, count_bits, lowest_place
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .basins import rank_bits
from .directions import Direction, Side, side_of
from .disjoint_set import find
from .edges import Block, new_block, next_meetings, slopes_of

# Edges that are looked at together.
_SOME = 256


class _Buckets(NamedTuple):
    """Edges by level: those of level l are `starts[l] <= i < ends[l]` of `left` and `right`."""

    starts: np.ndarray
    ends: np.ndarray
    left: np.ndarray
    right: np.ndarray


@making
def change_by_level(
    work: Workspace, direction: Direction, layout: Layout, n_levels: int
) -> np.ndarray:
    """Return births less merges of every level, int64 (n_levels,).

    Overwrites `ranks`, `milestones`, `left` and `right`.

    Args:
        n_levels: above the levels of all voxels.
    """
    side = side_of(work, direction, layout)
    births = rank_bits(side.roots, layout.n_words, work.ranks)
    change = np.zeros(n_levels, np.int64)
    for voxel in births:
        change[work.levels[voxel]] += 1
    edges = _sorted_edges(work, side, layout, n_levels)
    parent = np.empty(births.size + 1, work.ranks.dtype)
    some = np.empty((2, _SOME), work.ranks.dtype)
    _unite(edges, direction.ascending, parent, some, change)
    return change


@making
def _sorted_edges(work: Workspace, side: Side, layout: Layout, n_levels: int) -> _Buckets:
    starts = np.zeros(n_levels + 1, np.int64)
    _count_places(work.levels, side.merges, side.components, layout.n_words, starts)
    left, right = work.left, work.right
    # One more, since an edge is written before it is known to join two basins.
    if left.size <= starts[n_levels]:
        left = np.empty(starts[n_levels] + 1, work.ranks.dtype)
        right = np.empty(starts[n_levels] + 1, work.ranks.dtype)
    ends = starts.copy()
    slopes = slopes_of(work, side)
    block = new_block(work.ranks)
    word = 0
    while word < layout.n_words:
        word, n = next_meetings(work.levels, side, slopes, word, layout.n_words, block)
        _sort_in(work.levels, block, n, ends, left, right)
    return _Buckets(starts, ends, left, right)


@inner
def _sort_in(
    levels: np.ndarray,
    block: Block,
    n: int,
    ends: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> None:
    own, others, voxels, which = block.own, block.others, block.voxels, block.which
    for i in range(n):
        level = levels[voxels[i]]
        at = ends[level]
        left[at], right[at] = own[which[i]], others[i]
        ends[level] = at + (left[at] != right[at])


@inner
def _count_places(
    levels: np.ndarray,
    merges: np.ndarray,
    components: np.ndarray,
    n_words: int,
    starts: np.ndarray,
) -> None:
    """Write where the edges of each level begin, and where all end, into zeros (n_levels + 1,)."""
    for word in range(n_words):
        rest = merges[word]
        while rest:
            voxel = 64 * word + lowest_place(rest)
            rest &= rest - ONE
            starts[levels[voxel] + 1] += count_bits(np.uint64(components[voxel])) - 1
    for level in range(starts.size - 1):
        starts[level + 1] += starts[level]


@inner
def _unite(
    edges: _Buckets, ascending: bool, parent: np.ndarray, some: np.ndarray, change: np.ndarray
) -> None:
    """Subtract from every level how many components its edges merge.

    Args:
        parent: room for all basins; overwritten.
        some: (2, `_SOME`), overwritten.
    """
    starts, ends, all_left, all_right = edges.starts, edges.ends, edges.left, edges.right
    for k in range(parent.size):
        parent[k] = k
    for i in range(change.size):
        level = i if ascending else change.size - 1 - i
        merged = 0
        for first in range(starts[level], ends[level], _SOME):
            last = min(first + _SOME, ends[level])
            n = _between_two(all_left[first:last], all_right[first:last], parent, some)
            for k in range(n):
                left, right = find(parent, some[0, k]), find(parent, some[1, k])
                # Into itself where they are one already.
                parent[max(left, right)] = min(left, right)
                merged += left != right
        change[level] -= merged


@inner
def _between_two(
    all_left: np.ndarray, all_right: np.ndarray, parent: np.ndarray, some: np.ndarray
) -> int:
    """Write the ends of edges, two steps up, without those that are one by now; return how many.

    Most edges of noise join what is joined already, which is seen here without a branch.
    """
    n = 0
    for k in range(all_left.size):
        left, right = all_left[k], all_right[k]
        some[0, n], some[1, n] = parent[parent[left]], parent[parent[right]]
        parent[left], parent[right] = some[0, n], some[1, n]
        n += some[0, n] != some[1, n]
    return n
