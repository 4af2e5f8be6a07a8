"""Work arrays of one volume, and their filling from an image, a mask and a grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .levels import Box, bounding_box, padded_layout, write_levels
from .neighbourhood import write_earlier_words


class Workspace(NamedTuple):
    """Arrays over the padded volume, int32, flat, reused from sample to sample.

    `levels` and `words` describe the volume; the rest belongs to whichever merge tree was grown
    last. The root `merged[k]` dies when the voxel `merging[k]` enters.
    """

    levels: np.ndarray
    words: np.ndarray
    others: np.ndarray
    parent: np.ndarray
    critical: np.ndarray
    ordered: np.ndarray
    merged: np.ndarray
    merging: np.ndarray


@njit(cache=True, nogil=True)
def make_workspace(shape: tuple[int, int, int]) -> Workspace:
    """Allocate the work arrays for volumes of up to `shape` (D, H, W)."""
    size = padded_layout(shape[0], shape[1], shape[2]).size
    return Workspace(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
    )


@njit(cache=True, nogil=True)
def load_volume(work: Workspace, values: np.ndarray, mask: np.ndarray, grid: np.ndarray) -> Box:
    """Fill `work.levels` and `work.words` for the voxels that ever enter.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W).
        grid: float64 (N,), not decreasing.

    Returns:
        The box of those voxels. Where there are none its depth is 0 and nothing is written.
    """
    box = bounding_box(values, mask, grid[-1])
    if box.depth > 0:
        write_levels(values, mask, grid, box, work.levels)
        layout = padded_layout(box.depth, box.height, box.width)
        write_earlier_words(work.levels, layout, work.words)
    return box
