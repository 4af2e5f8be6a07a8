"""The levels of one image, kept from candidate to candidate as long as the grid stays the same."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arguments.arrays import read_only
from ..compiling import inner, making
from ..padded.layout import Box
from ..padded.quantiser import Quantiser, quantise, quantiser_of
from ..padded.value_lanes import VECTOR
from .region_lanes import widen_range


class Scratch(NamedTuple):
    """Arrays for one image of V voxels, reused from candidate to candidate.

    totals: float32 (V,), of the fused map.
    inside: bool (V,) and room for a vector, the region.
    shadow: bool (H W,).
    levels: (V,) and room for a vector, of the image; of the workspace's dtype.
    grid: float64 (N,), thresholds that `levels` are of.
    ends: of the image's dtype, the least of a vector's lanes and then the largest.
    """

    totals: np.ndarray
    inside: np.ndarray
    shadow: np.ndarray
    levels: np.ndarray
    grid: np.ndarray
    ends: np.ndarray


def flat_images(volumes: np.ndarray) -> np.ndarray:
    """Return read-only volumes (n, D, H, W) as (n, V), few voxels with zeros behind to a vector."""
    flat = volumes.reshape(len(volumes), math.prod(volumes.shape[1:]))
    missing = VECTOR - flat.shape[1]
    return read_only(np.pad(flat, ((0, 0), (0, missing))), flat.dtype) if missing > 0 else flat


def new_scratch(
    shape: tuple[int, ...], dtype: np.dtype, grids: np.ndarray, levels: np.dtype
) -> Scratch:
    """Return arrays for images, not compiled: that would take longer.

    Args:
        shape, dtype: (D, H, W) and float32 or float64, of the images.
        grids: float64 (1, N), or (0, N) where every region has its own.
        levels: dtype of the workspace's levels.
    """
    size = math.prod(shape)
    return Scratch(
        np.empty(size, np.float32),
        np.zeros(size + VECTOR, np.bool_),
        np.empty(math.prod(shape[1:]), np.bool_),
        np.zeros(size + VECTOR, levels),
        grids[0].copy() if len(grids) else np.empty(grids.shape[1]),
        np.empty(2 * VECTOR, dtype),
    )


@inner
def set_own_grid(image: np.ndarray, width: int, box: Box, scratch: Scratch, first: bool) -> bool:
    """Write the grid over the region's values and 0; return whether it is another one than before.

    N even steps as numpy.linspace has them, from 0 to 1 where all values are 0.

    Args:
        image: float32 or float64 (V,).
        width: voxels along the last axis.
    """
    grid, inside, ends = scratch.grid, scratch.inside, scratch.ends
    plane, last_start = scratch.shadow.size, image.size - VECTOR
    for k in range(ends.size):
        ends[k] = 0
    for z in range(box.z, box.z + box.depth):
        start = z * plane + box.y * width
        # Whole vectors, since what lies behind the box is outside the region.
        for at in range(start, start + box.height * width, VECTOR):
            widen_range(image, inside, at if at < last_start else last_start, ends)
    low, high = 0.0, 0.0
    for lane in range(VECTOR):
        low = ends[lane] if ends[lane] < low else low
        high = ends[VECTOR + lane] if ends[VECTOR + lane] > high else high
    if low == high:
        high = 1.0
    last = grid.size - 1
    if not first and grid[0] == low and grid[last] == high:
        return False
    step = (high - low) / last
    for k in range(last):
        grid[k] = k * step + low
    grid[last] = high
    return True


@making
def set_image_levels(image: np.ndarray, scratch: Scratch) -> None:
    """Write the image's levels on the grid; without a border positions are indices of voxels."""
    _write_levels(image, quantiser_of(image, scratch.grid), scratch.levels)


@inner
def _write_levels(image: np.ndarray, quantiser: Quantiser, levels: np.ndarray) -> None:
    for start in range(0, image.size, VECTOR):
        quantise(image, start, quantiser, levels, start)
