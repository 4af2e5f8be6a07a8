"""The Euler characteristic: cells that each voxel brings as it enters.

T-construction: a voxel brings its cube and those of its 6 faces, 12 edges and 8 corners that no
earlier voxel has. V-construction: a vertex brings itself and every edge, square and cube of which
it is the last vertex. With E the set of later neighbours (T) or of earlier ones (V), both count
the pairs, 2 x 2 squares and 2 x 2 x 2 cubes of E and the voxel that hold the voxel, and the signs
are opposite. A 2-D image is a slice one voxel thick, which has the same homotopy type.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .levels import Layout
from .neighbourhood import ALL, FACES, count_bits
from .workspace import Workspace

_CENTRE = 1 << 13


def _bits(*positions: int) -> int:
    return sum(1 << position for position in positions)


# Lowest bit of the squares in each plane, and of the cubes, that hold the centre.
_SQUARES_XY = _bits(9, 10, 12, 13)
_SQUARES_XZ = _bits(3, 4, 12, 13)
_SQUARES_YZ = _bits(1, 4, 10, 13)
_CUBES = _bits(0, 1, 3, 4, 9, 10, 12, 13)


@njit(cache=True, nogil=True)
def blocks_with_centre(word: int) -> int:
    """1 - pairs + squares - cubes of `word` and the centre that hold the centre."""
    word |= _CENTRE
    along_x = word & (word >> 1)
    along_y = word & (word >> 3)
    xy = along_x & (along_x >> 3)
    xz = along_x & (along_x >> 9)
    yz = along_y & (along_y >> 9)
    pairs = count_bits(word & FACES)
    # Shifted so that the three planes share one word.
    planes = (xy & _SQUARES_XY) | ((xz & _SQUARES_XZ) << 14) | ((yz & _SQUARES_YZ) << 1)
    cubes = count_bits(xy & (xy >> 9) & _CUBES)
    return 1 - pairs + count_bits(planes) - cubes


@njit(cache=True, nogil=True)
def count_euler(work: Workspace, top: bool, layout: Layout, curve: np.ndarray) -> None:
    """Write the Euler characteristic of every level, int64 (N,).

    Uses `work.levels` and `work.words`; `work.others` is overwritten.
    """
    words, levels, brought = work.words, work.levels, work.others
    flip, sign = (ALL, -1) if top else (0, 1)
    for i in range(layout.first, layout.last):
        brought[i] = sign * blocks_with_centre(words[i] ^ flip)
    change = np.zeros(curve.size, np.int64)
    for i in range(layout.first, layout.last):
        if levels[i] < curve.size:
            change[levels[i]] += brought[i]
    total = 0
    for level in range(curve.size):
        total += change[level]
        curve[level] = total
