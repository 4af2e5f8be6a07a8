"""How many components appear and merge at each level, from the edges between basins.

Where only counts are asked for, it does not matter which of two components ends. Edges are sorted
by level as they are found: how many there can be of each level is counted first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..machine_words import ONE, count_bits, lowest_position
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .bands import words_in_bands
from .basins import rank_words
from .directions import Direction, Side, side_of
from .meetings import Block, new_block, next_meetings, slopes_of
from .unions import new_forest, unite

# Neighbours in the raster often are of one level, whose one counter would be waited for.
_COUNTERS = 4


class Events(NamedTuple):
    """What the voxels of each level bring as they enter; arrays int64 (n_levels,).

    births: voxels that meet no component, and begin one.
    meetings: components that voxels meet beyond the first one, seen from each voxel alone.
    merges: meetings that join two components; the others close a loop.
    """

    births: np.ndarray
    meetings: np.ndarray
    merges: np.ndarray


class Buckets(NamedTuple):
    """Edges by level: those of level l are `starts[l] <= i < ends[l]` of `left` and `right`.

    meetings: room of each level; those within one basin are left out.
    """

    meetings: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    left: np.ndarray
    right: np.ndarray


@making
def events_by_level(work: Workspace, direction: Direction, layout: Layout, n_levels: int) -> Events:
    """Count births, meetings and merges of every level.

    Overwrites `ranks`, `milestones`, `left` and `right`.

    Args:
        n_levels: above the levels of all voxels.
    """
    side = side_of(work, direction, layout)
    n_roots = rank_words(side.roots, layout.n_words, work.ranks)
    births = np.zeros((_COUNTERS, n_levels), np.int64)
    _count_births(work.levels, side.roots, layout.n_words, births)
    edges = sorted_edges(work, side, layout, n_levels)
    return Events(births[0], edges.meetings, count_merges(edges, n_roots + 1, direction.ascending))


@making
def count_merges(edges: Buckets, n_basins: int, ascending: bool) -> np.ndarray:
    """Count how many components the edges of each level merge, int64 (n_levels,)."""
    starts, ends, left, right = edges.starts, edges.ends, edges.left, edges.right
    forest = new_forest(n_basins, left)
    merges = np.empty(starts.size, np.int64)
    for i in range(merges.size):
        level = i if ascending else merges.size - 1 - i
        first, last = starts[level], ends[level]
        merges[level] = unite(forest, left[first:last], right[first:last])
    return merges


@making
def sorted_edges(work: Workspace, side: Side, layout: Layout, n_levels: int) -> Buckets:
    """Sort the edges between basins by level as they are found, once the roots are ranked."""
    counters = np.zeros((_COUNTERS, n_levels), np.int64)
    _count_meetings(work.levels, side.merges, side.components, layout.n_words, counters)
    meetings = counters[0]
    starts = np.empty(n_levels, np.int64)
    total = 0
    for level in range(n_levels):
        starts[level] = total
        total += meetings[level]
    left, right = work.left, work.right
    # One more, since an edge is written before it is known to join two basins.
    if left.size <= total:
        left = np.empty(total + 1, work.ranks.dtype)
        right = np.empty(total + 1, work.ranks.dtype)
    ends = starts.copy()
    slopes = slopes_of(work, side, layout)
    block = new_block(work.ranks)
    words = words_in_bands(layout, work.ranks)
    at = 0
    while at < words.size:
        at, _, n = next_meetings(work.levels, side, slopes, words, at, block)
        _sort_in(work.levels, block, n, ends, left, right)
    return Buckets(meetings, starts, ends, left, right)


@inner
def _sort_in(
    levels: np.ndarray,
    block: Block,
    n: int,
    ends: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> None:
    own, others, voxels = block.own, block.others, block.voxels
    for i in range(n):
        level, one, other = levels[np.uint64(voxels[i])], own[i], others[i]
        at = np.uint64(ends[level])
        left[at], right[at] = one, other
        # Those of one basin are written over.
        ends[level] = at + np.uint64(one != other)


@inner
def _count_births(
    levels: np.ndarray, roots: np.ndarray, n_words: int, counters: np.ndarray
) -> None:
    """Count the roots of every level; see `_count_meetings`."""
    for word in range(n_words):
        rest = roots[word]
        while rest:
            voxel = lowest_position(word, rest)
            rest &= rest - ONE
            counters[voxel % np.uint64(_COUNTERS), levels[voxel]] += 1
    _add_up(counters)


@inner
def _count_meetings(
    levels: np.ndarray,
    merges: np.ndarray,
    components: np.ndarray,
    n_words: int,
    counters: np.ndarray,
) -> None:
    """Count the components beyond the first one that voxels of each level meet.

    Args:
        counters: zeros (`_COUNTERS`, n_levels); the first row is the result.
    """
    for word in range(n_words):
        rest = merges[word]
        while rest:
            voxel = lowest_position(word, rest)
            rest &= rest - ONE
            which = voxel % np.uint64(_COUNTERS)
            counters[which, levels[voxel]] += count_bits(np.uint64(components[voxel])) - 1
    _add_up(counters)


@inner
def _add_up(counters: np.ndarray) -> None:
    """Add all rows to the first one."""
    for k in range(1, counters.shape[0]):
        for level in range(counters.shape[1]):
            counters[0, level] += counters[k, level]
