"""The voxels at which components meet, and the basins that they join.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component), or several, which meet there.
Only the last are visited: each brings meetings of its own basin, into which it steps by its first
component, with that of a neighbour in every other one. `ALGORITHM.md` proves that any neighbour may
stand for its component, and that basins are enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..machine_words import ONE, count_bits, lowest_place, lowest_position
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from .basins import WALKERS, Slopes, find_basins
from .corner_lanes import earlier_around
from .directions import Corners, Side

# So many voxels at a time that all about them stays in the cache; few of them meet more than two
# components, and none more than six.
_BLOCK = 1024
_MANY = _BLOCK // 4
_FULL, _MANY_FULL = np.uint64(_BLOCK - 64), np.uint64(_MANY - 64)
_MOST_MEETINGS = _BLOCK + 4 * _MANY


class Block(NamedTuple):
    """Meetings of some voxels: the first one of each, then the others, both in their words' order.

    voxels: positions of the voxels.
    own: positions of the voxels again, then their basins.
    others: neighbours in the components that they meet, then the basins of these.
    which: of those others, the index of the first meeting of the same voxel.
    many, rest: indices of first meetings that are not all, and the components that are left.
    """

    voxels: np.ndarray
    own: np.ndarray
    others: np.ndarray
    which: np.ndarray
    many: np.ndarray
    rest: np.ndarray


@making
def new_block(like: np.ndarray) -> Block:
    """Return room for a block, for positions of the dtype of `like`."""
    return Block(
        np.empty(_MOST_MEETINGS, like.dtype),
        np.empty(_MOST_MEETINGS, like.dtype),
        np.empty(_MOST_MEETINGS, like.dtype),
        np.empty(_MOST_MEETINGS, np.int32),
        np.empty(_MANY, np.int32),
        np.empty(_MANY, np.uint64),
    )


@making
def slopes_of(work: Workspace, side: Side, layout: Layout) -> Slopes:
    """Return the ways of a direction, whose roots are ranked."""
    return Slopes(
        side.codes,
        side.steps,
        side.roots,
        work.ranks,
        work.milestones[: 4 * layout.n_words],
        np.zeros(1, np.bool_),
        np.empty(WALKERS, np.uint64),
        np.empty(WALKERS, np.uint64),
    )


@inner
def next_meetings(
    levels: np.ndarray, side: Side, slopes: Slopes, words: np.ndarray, at: int, block: Block
) -> tuple[int, int, int]:
    """Fill a block.

    Args:
        words: all words of voxels, in the order in which they are looked at.
        at: how many of them have been.

    Returns:
        How many of them have been now, and the numbers of first meetings and of all.
    """
    voxels, own, others, which = block.voxels, block.own, block.others, block.which
    at, n_first, n_many = _first_meetings(side, words, at, block)
    n = _further_meetings(block, n_first, n_many)
    find_neighbours(levels, side, voxels[:n], others[:n])
    find_basins(slopes, own[:n_first])
    find_basins(slopes, others[:n])
    for i in range(n_first, n):
        own[i] = own[np.uint64(which[i])]
    return at, n_first, n


@inner
def _first_meetings(side: Side, words: np.ndarray, at: int, block: Block) -> tuple[int, int, int]:
    """Write the first meeting of each voxel, without a branch, and note who has further ones."""
    # Numba takes apart a tuple of arrays at each mention: none in loops.
    merges, all_components = side.merges, side.components
    voxels, own, others = block.voxels, block.own, block.others
    many, rest = block.many, block.rest
    n, n_many = np.uint64(0), np.uint64(0)
    while at < words.size and n <= _FULL and n_many < _MANY_FULL:
        word = np.uint64(words[at])
        several = merges[word]
        while several:
            voxel = lowest_position(word, several)
            several &= several - ONE
            components = np.uint64(all_components[voxel])
            components &= components - ONE
            voxels[n], own[n], others[n] = voxel, voxel, lowest_place(components)
            components &= components - ONE
            many[n_many], rest[n_many] = n, components
            n_many += np.uint64(components != 0)
            n += ONE
        at += 1
    return at, int(np.int64(n)), int(np.int64(n_many))


@inner
def _further_meetings(block: Block, n: int, n_many: int) -> int:
    """Write the meetings that were left, behind the n first ones; return how many there are."""
    voxels, others, which = block.voxels, block.others, block.which
    many, rest = block.many, block.rest
    for k in range(n_many):
        first, components = many[k], rest[k]
        while components:
            voxels[n], others[n] = voxels[first], lowest_place(components)
            which[n] = first
            components &= components - ONE
            n += 1
    return n


@inner
def find_neighbours(
    levels: np.ndarray, side: Side, voxels: np.ndarray, representatives: np.ndarray
) -> None:
    """Replace representatives of components by a neighbour in each, as positions.

    Args:
        voxels: positions of those whose components they are, of the same length.
    """
    corners = side.corners
    if corners.first.size:
        _find_at_corners(levels, corners, voxels, representatives)
    else:
        across = side.across
        for i in range(voxels.size):
            representatives[i] = voxels[i] + across[np.uint64(representatives[i])]


@inner
def _find_at_corners(
    levels: np.ndarray, corners: Corners, voxels: np.ndarray, representatives: np.ndarray
) -> None:
    all_first, ties, places = corners.first, corners.ties, corners.places
    row, plane, later = corners.row, corners.plane, corners.later
    for i in range(voxels.size):
        corner, voxel = np.uint64(representatives[i]), voxels[i]
        first = voxel + all_first[corner]
        there = earlier_around(levels, voxel, first, row, plane, ties[corner]) ^ later
        representatives[i] = first + places[np.uint64(lowest_place(there))]


@inner
def count_meetings(side: Side, n_words: int) -> int:
    """Count the components beyond the first one that voxels meet."""
    merges, components = side.merges, side.components
    count = 0
    for word in range(n_words):
        rest = merges[word]
        while rest:
            voxel = lowest_position(word, rest)
            rest &= rest - ONE
            count += count_bits(np.uint64(components[voxel])) - 1
    return count
