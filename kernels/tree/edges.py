"""Edges between basins: the voxels at which components meet, and the basins that they join.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component), or several, which it merges.
Only the last are visited: each is an edge from its own basin, into which it steps by its first
component, to that of a neighbour in every other one. `ALGORITHM.md` proves that any neighbour may
stand for its component, and that basins are enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..machine_words import ONE, count_bits, lowest_place
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .basins import WALKERS, Slopes, find_basins, rank_bits
from .directions import Direction, Side, side_of

# So many voxels at a time that all about them stays in the cache.
_BLOCK = 1024
# Of one word of voxels: at most four components meet at corners, and six at faces.
_MOST_IN_WORD = 64 * 5


class Edges(NamedTuple):
    """Two basins, by their numbers, that meet when a voxel enters; arrays of one length."""

    voxels: np.ndarray
    left: np.ndarray
    right: np.ndarray


class Block(NamedTuple):
    """Some voxels that merge, in raster order, and a neighbour in each component beyond the first.

    own: positions of the voxels, then their basins.
    others: positions of the neighbours, then their basins.
    voxels: position of each neighbour's voxel.
    which: index of that voxel in `own`.
    """

    own: np.ndarray
    others: np.ndarray
    voxels: np.ndarray
    which: np.ndarray


@making
def new_block(like: np.ndarray) -> Block:
    """Return room for a block, for positions of the dtype of `like`."""
    size = 2 * _BLOCK
    return Block(
        np.empty(_BLOCK, like.dtype),
        np.empty(size, like.dtype),
        np.empty(size, like.dtype),
        np.empty(size, np.int32),
    )


@making
def slopes_of(work: Workspace, side: Side) -> Slopes:
    """Return the ways of a direction, on which `rank_bits` has ranked the roots."""
    at, who = np.empty(WALKERS, np.uint64), np.empty(WALKERS, np.uint64)
    return Slopes(side.codes, side.steps, side.roots, work.ranks, work.milestones, at, who)


@inner
def next_meetings(
    levels: np.ndarray, side: Side, slopes: Slopes, word: int, n_words: int, block: Block
) -> tuple[int, int]:
    """Fill a block from `word` on; return the next word and how many meetings there are."""
    # Numba takes apart a tuple of arrays at each mention: none in loops.
    merges, all_components, offsets = side.merges, side.components, side.offsets
    own, others, voxels, which = block.own, block.others, block.voxels, block.which
    n_own, n_others = 0, 0
    while word < n_words and n_own <= _BLOCK - 64 and n_others <= 2 * _BLOCK - _MOST_IN_WORD:
        rest = merges[word]
        while rest:
            voxel = 64 * word + lowest_place(rest)
            rest &= rest - ONE
            components = np.uint64(all_components[voxel])
            components &= components - ONE
            own[n_own] = voxel
            while components:
                at = lowest_place(components)
                components &= components - ONE
                others[n_others] = neighbour_at(levels, offsets, side.ascending, voxel, at)
                voxels[n_others] = voxel
                which[n_others] = n_own
                n_others += 1
            n_own += 1
        word += 1
    find_basins(slopes, own[:n_own], n_words)
    find_basins(slopes, others[:n_others], n_words)
    return word, n_others


@inner
def neighbour_at(
    levels: np.ndarray, offsets: np.ndarray, ascending: bool, voxel: int, representative: int
) -> int:
    """Return the position of a neighbour that is there in the component of a representative.

    Args:
        offsets: of a `Side`.
        ascending: earlier neighbours are there, else later ones.
    """
    own = levels[voxel]
    last = offsets.shape[1] - 1
    there = ONE << np.uint64(last)
    for k in range(last):
        offset = offsets[representative, k]
        # Of one level the voxel at the lower position is earlier.
        earlier = levels[voxel + offset] < own + levels.dtype.type(offset < 0)
        there |= np.uint64(earlier == ascending) << np.uint64(k)
    return int(voxel + offsets[representative, lowest_place(there)])


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
    slopes = slopes_of(work, side)
    block = new_block(work.ranks)
    room = count_meetings(side, layout.n_words)
    # One more, since an edge is written before it is known to join two basins.
    edges = Edges(
        np.empty(room + 1, work.ranks.dtype),
        np.empty(room + 1, work.ranks.dtype),
        np.empty(room + 1, work.ranks.dtype),
    )
    word, count = 0, 0
    while word < layout.n_words:
        word, n = next_meetings(work.levels, side, slopes, word, layout.n_words, block)
        count = _append(block, n, edges, count)
    return Edges(edges.voxels[:count], edges.left[:count], edges.right[:count])


@inner
def _append(block: Block, n: int, edges: Edges, count: int) -> int:
    own, others, voxels, which = block.own, block.others, block.voxels, block.which
    at, left, right = edges.voxels, edges.left, edges.right
    for i in range(n):
        at[count], left[count], right[count] = voxels[i], own[which[i]], others[i]
        count += left[count] != right[count]
    return count


@inner
def count_meetings(side: Side, n_words: int) -> int:
    """Count the components beyond the first one that voxels meet."""
    merges, components = side.merges, side.components
    count = 0
    for word in range(n_words):
        rest = merges[word]
        while rest:
            voxel = 64 * word + lowest_place(rest)
            rest &= rest - ONE
            count += count_bits(np.uint64(components[voxel])) - 1
    return count
