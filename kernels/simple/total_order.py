"""The total order (level, flat position) between every voxel and its neighbours, as bits.

A neighbour at a lower position comes before the voxel if its level is lower or equal, one at a
higher position only if it is lower. Half of the neighbours is enough: whether a later one comes
before the voxel is the opposite of what that neighbour knows of the voxel.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from ..padded.layout import Layout

_CHUNK = 64


@inner
def earlier_offsets(layout: Layout) -> np.ndarray:
    """Distance back to each neighbour at a lower position, int64: 13, or 4 in a plane.

    In the order of the bits of a neighbourhood word.
    """
    count = 13 if layout.plane else 4
    offsets = np.empty(count, np.int64)
    for k in range(count):
        bit = 13 - count + k
        dz, dy, dx = bit // 9 - 1, bit // 3 % 3 - 1, bit % 3 - 1
        offsets[k] = -(dz * layout.plane + dy * layout.row + dx)
    return offsets


@inner
def write_order(
    planes: np.ndarray,
    n_planes: int,
    offsets: np.ndarray,
    n_words: int,
    first: int,
    last: int,
    order: np.ndarray,
) -> None:
    """Write whether the neighbour `offsets[k]` back is of lower or equal level.

    Args:
        planes: uint64 (B W,).
        offsets: int64 (K,).
        n_words: W.
        first, last: words `first <= w < last` are written, which takes the planes of the words
            before `last`.
        order: uint64 (K W,); written.
    """
    result = np.empty(_CHUNK, np.uint64)
    for k in range(offsets.size):
        back = (offsets[k] + 63) // 64
        shift = np.uint64(64 * back - offsets[k])
        rest = np.uint64(63) - shift
        for start in range(first, last, _CHUNK):
            n = min(_CHUNK, last - start)
            for j in range(_CHUNK):
                result[j] = ~np.uint64(0)
            for plane in range(n_planes):
                # Slices spare numba's test for negative indices, without which it vectorises.
                at = plane * n_words + start
                own = planes[at : at + n]
                low = planes[at - back : at - back + n + 1]
                for j in range(n):
                    # Two shifts, since one by 64 has no meaning.
                    other = (low[j] >> shift) | ((low[j + 1] << np.uint64(1)) << rest)
                    result[j] ^= (other ^ own[j]) & (result[j] ^ own[j])
            known = order[k * n_words + start :]
            for j in range(n):
                known[j] = result[j]


@inner
def shifted_back(
    bits: np.ndarray, start: int, offset: int, n: int, flip: np.uint64, out: np.ndarray
) -> None:
    """Write n words of the bits `offset` positions after those from word `start` on, xor flip."""
    shift = np.uint64(offset % 64)
    rest = np.uint64(63) - shift
    low = bits[start + offset // 64 :]
    for j in range(n):
        out[j] = flip ^ ((low[j] >> shift) | ((low[j + 1] << np.uint64(1)) << rest))
