"""Which root every voxel leads to: following first neighbours ends in a basin.

A voxel's code leads to a connecting neighbour, which entered before it; roots have none, and the
border stands for the outside. Many walkers go on side by side, so that the processor need
not wait for one step before the next one's, and nothing is written until they arrive: on a smooth
image a few steps do. Where ways are long, on plateaus for example, walkers note their basins at
milestones, one among 16 voxels, and stop at the first milestone that is known. Which of the 16 is
one looks random, so that no regular way avoids them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..machine_words import ONE, count_bits, lowest_position

OUTSIDE = 0
"""Number of the basin of all that leads to the border."""
_UNKNOWN = -1
WALKERS = 1024
_LONG = 80
_LOW_BITS = np.uint64(63)
_WORD = np.uint64(6)
_GROUP = np.uint64(4)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Slopes(NamedTuple):
    """Ways of all voxels to their roots.

    codes: uint8, first neighbours or representatives of faces.
    steps: uint64 (256,), modulo 2^64; what each code adds to a position.
    roots: uint64; bit p of word w says that voxel 64 w + p is a root.
    ranks: number of roots before word w.
    milestones: basins by group of 16 voxels, or `_UNKNOWN`.
    noted: bool (1,), whether milestones are in use.
    at, who: uint64 (`WALKERS`,), where walkers are, and whose; overwritten.
    """

    codes: np.ndarray
    steps: np.ndarray
    roots: np.ndarray
    ranks: np.ndarray
    milestones: np.ndarray
    noted: np.ndarray
    at: np.ndarray
    who: np.ndarray


@inner
def rank_words(bits: np.ndarray, n_words: int, ranks: np.ndarray) -> int:
    """Write how many bits are set before each word; return how many are set in all."""
    count = 0
    for word in range(n_words):
        ranks[word] = count
        count += count_bits(bits[word])
    return count


@making
def rank_bits(bits: np.ndarray, n_words: int, ranks: np.ndarray) -> np.ndarray:
    """Write how many bits are set before each word; return the places of all, in raster order."""
    positions = np.empty(rank_words(bits, n_words, ranks), ranks.dtype)
    for word in range(n_words):
        rest, rank = bits[word], np.uint64(ranks[word])
        while rest:
            positions[rank] = lowest_position(word, rest)
            rank += ONE
            rest &= rest - ONE
    return positions


@inner
def find_basins(slopes: Slopes, positions: np.ndarray) -> None:
    """Replace every position by the number of its basin: 1 + its root's rank, or `OUTSIDE`."""
    roots, ranks, milestones = slopes.roots, slopes.ranks, slopes.milestones
    noted = slopes.noted
    for start in range(0, positions.size, WALKERS):
        group = positions[start : start + WALKERS]
        n = _walk_together(slopes, group)
        for j in range(group.size):
            group[j] = basin_at(roots, ranks, np.uint64(group[j]))
        if n > 0:
            if not noted[0]:
                for k in range(milestones.size):
                    milestones[k] = _UNKNOWN
                noted[0] = True
            _walk_to_milestones(slopes, group, n)


@inner
def _walk_together(slopes: Slopes, group: np.ndarray) -> int:
    """Write where walkers arrive; return how many are still on their way, in `at` and `who`."""
    codes, steps, at, who = slopes.codes, slopes.steps, slopes.at, slopes.who
    walking = np.uint64(0)
    for j in range(group.size):
        voxel, last = _two_steps(codes, steps, np.uint64(group[j]))
        group[j] = voxel
        at[walking], who[walking] = voxel, j
        walking += np.uint64(last != 0)
    n = int(np.int64(walking))
    for _ in range(_LONG):
        if n == 0:
            break
        walking = np.uint64(0)
        for j in range(n):
            owner = who[j]
            voxel, last = _two_steps(codes, steps, at[j])
            group[owner] = voxel
            at[walking], who[walking] = voxel, owner
            walking += np.uint64(last != 0)
        n = int(np.int64(walking))
    return n


@inner
def _two_steps(
    codes: np.ndarray, steps: np.ndarray, voxel: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Return where two steps lead, and the second one, which is 0 at a walk's end."""
    voxel += steps[codes[voxel]]
    last = steps[codes[voxel]]
    return voxel + last, last


@inner
def _walk_to_milestones(slopes: Slopes, group: np.ndarray, n: int) -> None:
    """Write the basins of the n walkers that are on their way, and note them at milestones."""
    codes, steps, at, who = slopes.codes, slopes.steps, slopes.at, slopes.who
    roots, ranks, milestones = slopes.roots, slopes.ranks, slopes.milestones
    for j in range(n):
        end, basin, passed = at[j], _UNKNOWN, False
        while basin == _UNKNOWN:
            if _is_milestone(end):
                basin = int(milestones[end >> _GROUP])
                passed |= basin == _UNKNOWN
            if basin == _UNKNOWN:
                step = steps[codes[end]]
                if step == 0:
                    basin = basin_at(roots, ranks, end)
                end += step
        group[who[j]] = basin
        voxel = at[j]
        while passed and voxel != end:
            if _is_milestone(voxel):
                milestones[voxel >> _GROUP] = basin
            voxel += steps[codes[voxel]]


@inner
def basin_at(roots: np.ndarray, ranks: np.ndarray, root: np.uint64) -> int:
    """Basin of a root, or `OUTSIDE` for any other voxel."""
    word = roots[root >> _WORD]
    bit = ONE << (root & _LOW_BITS)
    before = count_bits(word & (bit - ONE))
    return (1 + int(ranks[root >> _WORD]) + before) * ((word & bit) != 0)


@inner
def _is_milestone(voxel: np.uint64) -> bool:
    # The highest bits of a product depend on all bits of both numbers (Knuth, 6.4).
    return (voxel & np.uint64(15)) == ((voxel >> _GROUP) * _GOLDEN) >> np.uint64(60)
