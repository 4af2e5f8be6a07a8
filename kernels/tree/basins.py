"""Which root every voxel leads to: following first neighbours ends in a basin.

A voxel's code leads to its first connecting neighbour, which entered before it; roots have none,
and the border stands for the outside. Many walkers go on side by side, so that the processor need
not wait for one step before the next one's, and nothing is written until they arrive: on a smooth
image a few steps do. Where ways are long, on plateaus for example, a walker notes its basin at
milestones, one among 16 voxels, and stops at the first milestone that is known. Which of the 16 is
one looks random, so that no regular way avoids them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner
from ..simple.bit_planes import popcount

OUTSIDE = 0
"""Number of the basin of all that leads to the border."""
_UNKNOWN = -1
_WALKERS = 512
_ROUNDS = 4
_LONG = 24
_ONE = np.uint64(1)
_LOW_BITS = np.uint64(63)
_WORD = np.uint64(6)
_GROUP = np.uint64(4)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Slopes(NamedTuple):
    """Ways of all voxels to their roots.

    codes: uint8; see `first_neighbours`.
    steps: uint64 (256,), modulo 2^64; what each code adds to a position.
    roots: uint64; bit p of word w says that voxel 64 w + p is a root.
    ranks: number of roots before word w.
    milestones: basins by group of 16 voxels, or `_UNKNOWN`.
    """

    codes: np.ndarray
    steps: np.ndarray
    roots: np.ndarray
    ranks: np.ndarray
    milestones: np.ndarray


@inner
def rank_roots(roots: np.ndarray, n_words: int, ranks: np.ndarray) -> np.ndarray:
    """Write the ranks of all words, and return the roots' positions in raster order."""
    count = 0
    for word in range(n_words):
        ranks[word] = count
        count += int(popcount(roots[word]))
    positions = np.empty(count, ranks.dtype)
    for word in range(n_words):
        rest, rank = roots[word], ranks[word]
        while rest:
            positions[rank] = 64 * word + int(popcount((rest & (~rest + _ONE)) - _ONE))
            rank += 1
            rest &= rest - _ONE
    return positions


@inner
def find_basins(slopes: Slopes, positions: np.ndarray, n_words: int) -> None:
    """Replace every position by the number of its basin: 1 + its root's rank, or `OUTSIDE`."""
    codes, steps = slopes.codes, slopes.steps
    at = np.empty(_WALKERS, np.uint64)
    who = np.empty(_WALKERS, np.uint64)
    noted = False
    for start in range(0, positions.size, _WALKERS):
        n = min(_WALKERS, positions.size - start)
        group = positions[start : start + n]
        for j in range(n):
            at[j], who[j] = np.uint64(group[j]), np.uint64(j)
        for _ in range(_LONG):
            for _ in range(_ROUNDS):
                for j in range(n):
                    at[j] += steps[codes[at[j]]]
            walking = 0
            for j in range(n):
                group[who[j]] = at[j]
                going = steps[codes[at[j]]] != 0
                at[walking], who[walking] = at[j], who[j]
                walking += going
            n = walking
            if n == 0:
                break
        if n > 0 and not noted:
            for k in range(4 * n_words):
                slopes.milestones[k] = _UNKNOWN
            noted = True
        for j in range(group.size):
            group[j] = basin_at(slopes, np.uint64(group[j]))
        for j in range(n):
            group[who[j]] = _walk(slopes, at[j])


@inner
def basin_at(slopes: Slopes, root: np.uint64) -> int:
    """Basin of a root, or `OUTSIDE` for any other voxel."""
    word = slopes.roots[root >> _WORD]
    bit = _ONE << (root & _LOW_BITS)
    before = int(popcount(word & (bit - _ONE)))
    return (1 + int(slopes.ranks[root >> _WORD]) + before) * ((word & bit) != 0)


@inner
def _walk(slopes: Slopes, start: np.uint64) -> int:
    """Find the basin of a voxel, and note it at the milestones on the way."""
    codes, steps, milestones = slopes.codes, slopes.steps, slopes.milestones
    end = start
    basin = _UNKNOWN
    while basin == _UNKNOWN:
        if _is_milestone(end):
            basin = int(milestones[end >> _GROUP])
        if basin == _UNKNOWN:
            step = steps[codes[end]]
            if step == 0:
                basin = basin_at(slopes, end)
            end += step
    voxel = start
    while voxel != end:
        if _is_milestone(voxel):
            milestones[voxel >> _GROUP] = basin
        voxel += steps[codes[voxel]]
    return basin


@inner
def _is_milestone(voxel: np.uint64) -> bool:
    # The highest bits of a product depend on all bits of both numbers (Knuth, 6.4).
    return (voxel & np.uint64(15)) == ((voxel >> _GROUP) * _GOLDEN) >> np.uint64(60)
