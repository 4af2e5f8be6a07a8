"""Every voxel's first neighbour of either kind as a byte, for merge trees to climb by.

Bits 0 to 4 hold the position of the first 26-connected neighbour (8 in 2-D) in a neighbourhood,
bits 5 to 7 which of the faces is the first 6-connected one (4). Which of the two stands for the
neighbours before a voxel and which for those after it depends on the construction. All ones say
that there is none, or that the voxel belongs to the border. Voxels of the volume without a first
neighbour are the roots of merge trees.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from ..padded.layout import RUN, Layout
from .bit_slices import BORDER, CODE
from .neighbourhood import neighbour_offsets

_NO_NEIGHBOUR = 0xFF
_FULL_BITS = 5
_LOW_BYTES = np.array([0x00000000FFFFFFFF, 0x0000FFFF0000FFFF, 0x00FF00FF00FF00FF], np.uint64)
_FACE_POSITIONS = np.array([4, 10, 12, 14, 16, 22])


@inner
def steps_to_first(layout: Layout, full: bool) -> np.ndarray:
    """Distance to the first neighbour by code, uint64 (256,), modulo 2^64; 0 where there is none.

    Args:
        full: the first 26-connected neighbour (8 in 2-D), else the first 6-connected one (4).
    """
    offsets = neighbour_offsets(layout)
    steps = np.empty(256, np.uint64)
    for code in range(256):
        steps[code] = 0
        position, face = code & 31, code >> _FULL_BITS
        if full and position < 27:
            steps[code] = np.uint64(offsets[position])
        if not full and face < 6:
            steps[code] = np.uint64(offsets[_FACE_POSITIONS[face]])
    return steps


@inner
def write_codes(
    slices: np.ndarray,
    volumetric: bool,
    codes: np.ndarray,
    full_roots: np.ndarray,
    face_roots: np.ndarray,
) -> None:
    """Write the codes of all voxels of the slices, and which of them have no first neighbour.

    Args:
        codes: uint64, 8 voxels each; little-endian; written.
        full_roots, face_roots: uint64, a bit a voxel; written.
    """
    _find_full(slices, full_roots)
    _find_face(slices, volumetric, face_roots)
    _transpose_bytes(slices)
    for i in range(8):
        for j in range(RUN):
            codes[8 * j + i] = _transpose_bits(slices[CODE + RUN * i + j])


@inner
def write_codes_outside(
    codes: np.ndarray, full_roots: np.ndarray, face_roots: np.ndarray, first: int, last: int
) -> None:
    """Write what belongs to words `first <= w < last` of nothing but border."""
    for word in range(first, last):
        full_roots[word] = 0
        face_roots[word] = 0
    for voxel in range(64 * first, 64 * last):
        codes[voxel] = _NO_NEIGHBOUR


@inner
def _find_full(slices: np.ndarray, roots: np.ndarray) -> None:
    """Bits of the lowest position in the 27 slices."""
    n = RUN
    for j in range(n):
        none_0, low_0, middle_0, high_0 = _first_of_positions(slices, j, 0)
        none_8, low_8, middle_8, high_8 = _first_of_positions(slices, j, 8)
        none_16, low_16, middle_16, high_16 = _first_of_positions(slices, j, 16)
        none_24, low_24, middle_24 = _first_of_four(
            slices[24 * n + j], slices[25 * n + j], slices[26 * n + j], np.uint64(0)
        )
        border, beyond = slices[BORDER + j], none_0 & none_8
        none = beyond & none_16 & none_24
        roots[j] = none & ~border
        none |= border
        for_16 = _choose(none_16, low_24, low_16)
        slices[CODE + j] = none | _choose(beyond, for_16, _choose(none_0, low_8, low_0))
        for_16 = _choose(none_16, middle_24, middle_16)
        slices[CODE + n + j] = none | _choose(beyond, for_16, _choose(none_0, middle_8, middle_0))
        for_16 = ~none_16 & high_16
        slices[CODE + 2 * n + j] = none | _choose(beyond, for_16, _choose(none_0, high_8, high_0))
        slices[CODE + 3 * n + j] = none | _choose(beyond, none_16, none_0)
        slices[CODE + 4 * n + j] = none | beyond


@inner
def _first_of_positions(slices: np.ndarray, j: int, start: int) -> tuple[int, int, int, int]:
    """The same as `_first_of_eight` of the eight positions from `start` on."""
    n = RUN
    at = start * n + j
    return _first_of_eight(
        _first_of_four(slices[at], slices[n + at], slices[2 * n + at], slices[3 * n + at]),
        _first_of_four(
            slices[4 * n + at], slices[5 * n + at], slices[6 * n + at], slices[7 * n + at]
        ),
    )


@inner
def _find_face(slices: np.ndarray, volumetric: bool, roots: np.ndarray) -> None:
    """Bits of the first face that is not in the 27 slices."""
    n = RUN
    along_z = ~np.uint64(0) if volumetric else np.uint64(0)
    for j in range(n):
        down, up = ~slices[4 * n + j] & along_z, ~slices[22 * n + j] & along_z
        none, low, middle, high = _first_of_eight(
            _first_of_four(down, ~slices[10 * n + j], ~slices[12 * n + j], ~slices[14 * n + j]),
            _first_of_four(~slices[16 * n + j], up, np.uint64(0), np.uint64(0)),
        )
        roots[j] = none & ~slices[BORDER + j]
        none |= slices[BORDER + j]
        slices[CODE + 5 * n + j] = none | low
        slices[CODE + 6 * n + j] = none | middle
        slices[CODE + 7 * n + j] = none | high


@inner
def _first_of_four(a: int, b: int, c: int, d: int) -> tuple[int, int, int]:
    """Whether none of four bits is set, and else the two bits of the first one's number."""
    beyond = ~(a | b)
    return beyond & ~(c | d), _choose(beyond, ~c, ~a), beyond


@inner
def _first_of_eight(
    left: tuple[int, int, int], right: tuple[int, int, int]
) -> tuple[int, int, int, int]:
    """The same of two fours."""
    beyond, low, middle = left
    none, right_low, right_middle = right
    low, middle = _choose(beyond, right_low, low), _choose(beyond, right_middle, middle)
    return beyond & none, low, middle, beyond


@inner
def _choose(which: int, yes: int, no: int) -> int:
    return no ^ (which & (yes ^ no))


@inner
def _transpose_bytes(slices: np.ndarray) -> None:
    """Exchange byte i of code row b with byte b of code row i (Warren, Hacker's Delight, 7-3)."""
    for step in range(3):
        size = 4 >> step
        shift = np.uint64(8 * size)
        # Bytes whose number has no bit in common with `size`.
        mask = _LOW_BYTES[step]
        for k in range(8):
            if k & size == 0:
                low = CODE + RUN * k
                high = low + RUN * size
                for j in range(RUN):
                    swap = ((slices[low + j] >> shift) ^ slices[high + j]) & mask
                    slices[high + j] ^= swap
                    slices[low + j] ^= swap << shift


@inner
def _transpose_bits(word: np.uint64) -> np.uint64:
    """Exchange bit i of byte b with bit b of byte i (Warren, Hacker's Delight, 7-3)."""
    swap = (word ^ (word >> np.uint64(7))) & np.uint64(0x00AA00AA00AA00AA)
    word ^= swap ^ (swap << np.uint64(7))
    swap = (word ^ (word >> np.uint64(14))) & np.uint64(0x0000CCCC0000CCCC)
    word ^= swap ^ (swap << np.uint64(14))
    swap = (word ^ (word >> np.uint64(28))) & np.uint64(0x00000000F0F0F0F0)
    return word ^ swap ^ (swap << np.uint64(28))
