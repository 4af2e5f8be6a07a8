"""The neighbourhood of one voxel as a word of 27 bits.

Bit 9 (dz + 1) + 3 (dy + 1) + (dx + 1) stands for the neighbour at (dz, dy, dx); bit 13, the voxel
itself, is never set. The *earlier word* of a voxel holds the neighbours that come before it in
the total order (level, flat position); its complement holds those that come after.

Words are stored as int32, in which 27 bits are never negative.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from ..padded.layout import Layout

ALL = (1 << 27) - 1 - (1 << 13)
"""The 26 neighbours."""
FACES = (1 << 4) | (1 << 10) | (1 << 12) | (1 << 14) | (1 << 16) | (1 << 22)
"""The 6 neighbours that share a face with the voxel."""
PLANE = 0b111_101_111 << 9
"""The 8 neighbours of a pixel in its plane."""

_X01 = sum(1 << bit for bit in range(27) if bit % 3 < 2)
_Y01 = sum(1 << bit for bit in range(27) if bit // 3 % 3 < 2)
# A flood of so many steps reaches all of almost every local component; where it does not, one
# component is looked up twice, which costs time and changes nothing. With five face steps LLVM no
# longer unrolls the loop, and passes over many words take four times as long.
_FULL_STEPS = 3
_FACE_STEPS = 4


@inner
def lowest_bit(word: int) -> int:
    """Isolate the lowest set bit; 0 for an empty word."""
    return word & -word


@inner
def count_bits(word: int) -> int:
    """Count the set bits of a 32-bit word (LLVM knows the pattern and emits one instruction)."""
    word -= (word >> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    return ((word * 0x01010101) & 0xFFFFFFFF) >> 24


@inner
def full_component(word: int, component: int) -> int:
    """Bits of `word` that are 26-connected in it to those of `component`."""
    for _ in range(_FULL_STEPS):
        component |= ((component & _X01) << 1) | ((component >> 1) & _X01)
        component |= ((component & _Y01) << 3) | ((component >> 3) & _Y01)
        component |= (component << 9) | (component >> 9)
        component &= word
    return component


@inner
def face_component(word: int, component: int) -> int:
    """Bits of `word` that are 6-connected in it to those of `component`."""
    for _ in range(_FACE_STEPS):
        along_x = ((component & _X01) << 1) | ((component >> 1) & _X01)
        along_y = ((component & _Y01) << 3) | ((component >> 3) & _Y01)
        along_z = (component << 9) | (component >> 9)
        component |= (along_x | along_y | along_z) & word
    return component


@inner
def neighbour_offsets(layout: Layout) -> np.ndarray:
    """Flat offset of the neighbour behind every bit, int64 (27,)."""
    offsets = np.empty(27, np.int64)
    for bit in range(27):
        dz, dy, dx = bit // 9 - 1, bit // 3 % 3 - 1, bit % 3 - 1
        offsets[bit] = dz * layout.plane + dy * layout.row + dx
    return offsets
