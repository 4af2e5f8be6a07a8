"""The 3 x 3 x 3 neighbourhood of a voxel as a word of 27 bits.

Bit 9 (dz + 1) + 3 (dy + 1) + (dx + 1) stands for the neighbour at (dz, dy, dx); bit 13, the voxel
itself, is never set. The *earlier word* of a voxel holds the neighbours that come before it in
the total order (level, raster index): `<=` for the 13 that precede it in raster order, `<` for the
13 that follow. Its complement holds those that come after. All tests below are shifts and masks of
a fixed length, so that LLVM vectorises the passes over a volume.

Words are stored as int32, in which 27 bits are never negative.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .levels import Layout

ALL = (1 << 27) - 1 - (1 << 13)
"""The 26 neighbours."""
FACES = (1 << 4) | (1 << 10) | (1 << 12) | (1 << 14) | (1 << 16) | (1 << 22)
"""The 6 neighbours that share a face with the voxel."""
PLANE = 0b111_101_111 << 9
"""The 8 neighbours of a pixel: a 2-D image is one slice, and neighbours off it do not count."""

_CUBE = (1 << 27) - 1
_X01 = sum(1 << bit for bit in range(27) if bit % 3 < 2)
_Y01 = sum(1 << bit for bit in range(27) if bit // 3 % 3 < 2)
# A flood of so many steps reaches all of almost every local component; where it does not, one
# component is looked up in the disjoint set twice, which costs time and changes nothing. With two
# full steps 15 % of a smooth volume's voxels look critical, with three or four 0.6 %; with five
# face steps LLVM no longer unrolls the loop, and the pass takes four times as long.
_FULL_STEPS = 4
_FACE_STEPS = 4


@njit(cache=True, nogil=True)
def write_earlier_words(levels: np.ndarray, layout: Layout, words: np.ndarray) -> None:
    """Write the earlier word of every voxel off the border.

    Args:
        levels: int32, padded volume, flat.
        layout: that of the padded volume.
        words: int32, same length, written; what lies on the border is of no meaning.
    """
    # Unsigned positions spare numba's test for negative indices, without which it vectorises.
    up, along = np.uint64(layout.plane), np.uint64(layout.row)
    for i in range(np.uint64(layout.first), np.uint64(layout.last)):
        level = levels[i]
        word = _up_to(levels, i - up - along, level)
        word |= _up_to(levels, i - up, level) << 3
        word |= _up_to(levels, i - up + along, level) << 6
        word |= _up_to(levels, i - along, level) << 9
        word |= (levels[i - np.uint64(1)] <= level) << 12
        word |= (levels[i + np.uint64(1)] < level) << 14
        word |= _below(levels, i + along, level) << 15
        word |= _below(levels, i + up - along, level) << 18
        word |= _below(levels, i + up, level) << 21
        word |= _below(levels, i + up + along, level) << 24
        words[i] = word


@njit(cache=True, nogil=True, inline="always")
def _up_to(levels: np.ndarray, i: np.uint64, level: int) -> int:
    one = np.uint64(1)
    bits = (levels[i - one] <= level) | ((levels[i] <= level) << 1)
    return bits | ((levels[i + one] <= level) << 2)


@njit(cache=True, nogil=True, inline="always")
def _below(levels: np.ndarray, i: np.uint64, level: int) -> int:
    one = np.uint64(1)
    bits = (levels[i - one] < level) | ((levels[i] < level) << 1)
    return bits | ((levels[i + one] < level) << 2)


@njit(cache=True, nogil=True)
def lowest_bit(word: int) -> int:
    """Isolate the lowest set bit; 0 for an empty word."""
    return word & -word


@njit(cache=True, nogil=True)
def count_bits(word: int) -> int:
    """Count the set bits of a 32-bit word (LLVM knows the pattern and emits one instruction)."""
    word -= (word >> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    return ((word * 0x01010101) & 0xFFFFFFFF) >> 24


@njit(cache=True, nogil=True)
def other_full_components(word: int) -> int:
    """Bits of `word` beyond the 26-connected component of its lowest bit."""
    component = lowest_bit(word)
    for _ in range(_FULL_STEPS):
        component |= ((component & _X01) << 1) | ((component >> 1) & _X01)
        component |= ((component & _Y01) << 3) | ((component >> 3) & _Y01)
        component |= (component << 9) | (component >> 9)
        component &= word
    return word & ~component


@njit(cache=True, nogil=True)
def other_face_components(word: int) -> int:
    """Face neighbours in `word` beyond the 6-connected component of the lowest of them."""
    component = lowest_bit(word & FACES)
    for _ in range(_FACE_STEPS):
        along_x = ((component & _X01) << 1) | ((component >> 1) & _X01)
        along_y = ((component & _Y01) << 3) | ((component >> 3) & _Y01)
        along_z = (component << 9) | (component >> 9)
        component |= (along_x | along_y | along_z) & word
    return word & FACES & ~component


@njit(cache=True, nogil=True)
def neighbour_offsets(layout: Layout) -> np.ndarray:
    """Flat offset of the neighbour behind every bit, int64 (27,)."""
    offsets = np.empty(27, np.int64)
    for bit in range(27):
        dz, dy, dx = bit // 9 - 1, bit // 3 % 3 - 1, bit % 3 - 1
        offsets[bit] = dz * layout.plane + dy * layout.row + dx
    return offsets
