"""In which order voxels are looked at, so that ways to roots stay in the cache.

Ways lead through a few rows and planes around. In raster order the planes of a large volume have
left the second-level cache before the next plane asks for them; those of a band of rows, taken
through all planes before the next band, are there.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner, making
from ..padded.layout import Layout, voxel_position

_ROWS = 16
# Voxels of a volume that the cache holds anyway, a byte each.
_SMALL = 2**20


@making
def words_in_raster(layout: Layout, like: np.ndarray) -> np.ndarray:
    """Return the words of 64 voxels in raster order, (n_words,) of the dtype of `like`."""
    words = np.empty(layout.n_words, like.dtype)
    _append(words, 0, 0, layout.n_words)
    return words


@making
def words_in_bands(layout: Layout, like: np.ndarray) -> np.ndarray:
    """Return the words of 64 voxels band by band, each once; small volumes are one band."""
    if layout.plane == 0 or layout.last <= _SMALL:
        return words_in_raster(layout, like)
    height = layout.plane // layout.row - 1
    depth = (layout.last - layout.first) // layout.plane
    words = np.empty(layout.n_words, like.dtype)
    count = 0
    for y in range(0, height, _ROWS):
        for z in range(depth):
            last = z == depth - 1 and y + _ROWS >= height
            start = _word_at(layout, z, y) if z + y > 0 else 0
            stop = layout.n_words if last else _word_at(layout, z, min(y + _ROWS, height))
            count = _append(words, count, start, stop)
    return words


@inner
def _word_at(layout: Layout, z: int, y: int) -> int:
    """Word of the first voxel of a row; below the last row, of that of the next plane."""
    height = layout.plane // layout.row - 1
    return voxel_position(layout, z + y // height, y % height, 0) // 64


@inner
def _append(words: np.ndarray, count: int, start: int, stop: int) -> int:
    for word in range(start, stop):
        words[count] = word
        count += 1
    return count
