"""Levels as bit planes: bit p of word W b + w is bit b of the level of voxel 64 w + p.

On planes one machine word compares 64 voxels at a time, a vector register several hundred.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner

_LOW_BITS = np.uint64(0x0101010101010101)
# Multiplied by it, bit 8 j of a word comes to bit 56 + j, for j = 0 … 7.
_GATHER = np.uint64(0x0102040810204080)
_CHUNK = 4096


@inner
def write_planes(
    levels: np.ndarray, n_planes: int, n_words: int, first: int, last: int, planes: np.ndarray
) -> None:
    """Write the words `first <= w < last` of all planes; little-endian.

    Args:
        levels: unsigned (64 W,).
        n_words: W.
        planes: uint64 (B W,); written.
    """
    octets = np.empty(_CHUNK, np.uint8)
    eights = octets.view(np.uint64)
    written = planes.view(np.uint8)
    for start in range(64 * first, 64 * last, _CHUNK):
        n = min(_CHUNK, 64 * last - start)
        # Slices spare numba's test for negative indices, without which loops vectorise.
        chunk = levels[start : start + n]
        for plane in range(n_planes):
            if plane % 8 == 0:
                for i in range(n):
                    octets[i] = chunk[i] >> levels.dtype.type(plane)
            shift = np.uint64(plane % 8)
            bits = written[8 * plane * n_words + start // 8 :]
            for i in range(n // 8):
                eight = (eights[i] >> shift) & _LOW_BITS
                bits[i] = (eight * _GATHER) >> np.uint64(56)


@inner
def popcount(word: np.uint64) -> np.uint64:
    """Count the set bits of a machine word."""
    # LLVM knows the pattern and emits one instruction.
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + ((word >> np.uint64(2)) & pairs)
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)
