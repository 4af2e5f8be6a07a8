"""Bit-sliced neighbourhoods of a run of voxels, 64 voxels a machine word.

One slice of `RUN` words for each of the 27 positions of a neighbourhood. All slices lie in one flat
array, whose distances LLVM then knows; every test on neighbourhoods is a loop over words.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner
from ..padded.layout import RUN
from .total_order import shifted_back

BORDER, RESULT, CODE = 27 * RUN, 28 * RUN, 29 * RUN
"""Where further slices begin: the border's, one for a result, and eight for codes."""
SIZE = 37 * RUN
_CENTRE = 13


@inner
def load_slices(
    planes: np.ndarray,
    n_planes: int,
    order: np.ndarray,
    offsets: np.ndarray,
    n_words: int,
    start: int,
    n: int,
    top: bool,
    slices: np.ndarray,
) -> None:
    """Fill the 27 slices and the border's for the n words from word `start` on.

    The 27 hold the neighbours whose components are 26-connected (8 in 2-D): those before the voxel
    (T), or after it (V). A voxel of the border is one whose planes are all set.
    """
    before, after = (np.uint64(0), ~np.uint64(0)) if top else (~np.uint64(0), np.uint64(0))
    count = offsets.size
    # Not 0, for whose literal type numba would compile once more.
    none = int(np.int64(0))
    for k in range(count):
        known = k * n_words + start
        shifted_back(order, known, none, n, before, slices[RUN * (_CENTRE - count + k) :])
        shifted_back(order, known, offsets[k], n, after, slices[RUN * (_CENTRE + count - k) :])
    border = slices[BORDER:]
    for j in range(RUN):
        border[j] = ~np.uint64(0)
    for plane in range(n_planes):
        bits = planes[plane * n_words + start :]
        for j in range(n):
            border[j] &= bits[j]
