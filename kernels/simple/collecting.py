"""The critical voxels of a run of bit slices, with their neighbourhoods as words.

Slices hold one bit of 64 voxels a word; what follows wants all 27 bits of one voxel in a word.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from ..padded.layout import RUN
from .bit_planes import popcount
from .bit_slices import RESULT

_ONE = np.uint64(1)


@inner
def append_dense(
    slices: np.ndarray,
    columns: np.ndarray,
    start: int,
    voxels: np.ndarray,
    words: np.ndarray,
    count: int,
) -> int:
    for j in range(RUN):
        rest = slices[RESULT + j]
        while rest:
            place = int(popcount((rest & (~rest + _ONE)) - _ONE))
            rest &= rest - _ONE
            voxels[count] = 64 * (start + j) + place
            words[count] = columns[RUN * place + j]
            count += 1
    return count


@inner
def append_sparse(
    slices: np.ndarray,
    flip: np.uint32,
    start: int,
    voxels: np.ndarray,
    words: np.ndarray,
    count: int,
) -> int:
    for j in range(RUN):
        rest = slices[RESULT + j]
        while rest:
            place = popcount((rest & (~rest + _ONE)) - _ONE)
            rest &= rest - _ONE
            word = np.uint64(flip)
            for k in range(27):
                word ^= ((slices[RUN * k + j] >> place) & _ONE) << np.uint64(k)
            voxels[count] = 64 * (start + j) + int(place)
            words[count] = word
            count += 1
    return count


@inner
def write_words(slices: np.ndarray, flip: np.uint32, columns: np.ndarray) -> None:
    """Turn slices of bits into words: transpose 32 x 32 bits at a time (Warren, Hacker's Delight).

    Args:
        flip: xor-ed with every word.
        columns: uint32 (64 n,); `columns[n * p + j]` of voxel p of machine word j.
    """
    for half in range(2):
        base, down = 32 * RUN * half, np.uint64(32 * half)
        for i in range(27 * RUN):
            columns[base + i] = np.uint32(slices[i] >> down)
        for i in range(27 * RUN, 32 * RUN):
            columns[base + i] = 0
        for step in range(5):
            size = 16 >> step
            mask = np.uint32(0xFFFFFFFF // ((1 << size) + 1))
            shift = np.uint32(size)
            for k in range(32):
                if k & size == 0:
                    low = base + RUN * k
                    high = low + RUN * size
                    for j in range(RUN):
                        swap = ((columns[low + j] >> shift) ^ columns[high + j]) & mask
                        columns[high + j] ^= swap
                        columns[low + j] ^= swap << shift
    for i in range(64 * RUN):
        columns[i] ^= flip
