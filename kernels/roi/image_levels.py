"""The levels of one image, kept from candidate to candidate as long as the grid stays the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import making
from ..padded.layout import Box, Layout
from ..padded.levels import write_levels
from ..padded.value_lanes import VECTOR
from ..padded.workspace import Workspace


class Scratch(NamedTuple):
    """Arrays for one image of V voxels, reused from candidate to candidate.

    totals: float32 (V,), of the fused map.
    inside: bool (V,) and room for a vector, the region.
    shadow: bool (H W,).
    levels: (V,) and room for a vector, of the image; of the workspace's dtype.
    grid: float64 (N,), thresholds that `levels` are of.
    """

    totals: np.ndarray
    inside: np.ndarray
    shadow: np.ndarray
    levels: np.ndarray
    grid: np.ndarray


@making
def new_scratch(shape: tuple[int, int, int], n_thresholds: int, work: Workspace) -> Scratch:
    """Return arrays for images of `shape` (D, H, W)."""
    depth, height, width = shape
    size = depth * height * width
    return Scratch(
        np.empty(size, np.float32),
        np.empty(size + VECTOR, np.bool_),
        np.empty(height * width, np.bool_),
        np.empty(size + VECTOR, work.levels.dtype),
        np.empty(n_thresholds, np.float64),
    )


@making
def set_own_grid(image: np.ndarray, box: Box, scratch: Scratch, first: bool) -> bool:
    """Write the grid over the region's values and 0; return whether it is another one than before.

    N even steps as numpy.linspace has them, from 0 to 1 where all values are 0.
    """
    _, height, width = image.shape
    plane, start, stop = height * width, box.y * width, (box.y + box.height) * width
    grid, flat = scratch.grid, image.reshape(image.size)
    # Element by element, as the least of floats is not found in vector registers.
    lows, highs = np.zeros(stop - start, image.dtype), np.zeros(stop - start, image.dtype)
    nothing = image.dtype.type(0)
    for z in range(box.z, box.z + box.depth):
        values = flat[z * plane + start : z * plane + stop]
        inside = scratch.inside[z * plane + start : z * plane + stop]
        for i in range(values.size):
            value = values[i] if inside[i] else nothing
            lows[i] = value if value < lows[i] else lows[i]
            highs[i] = value if value > highs[i] else highs[i]
    low, high = 0.0, 0.0
    for i in range(lows.size):
        low, high = min(low, np.float64(lows[i])), max(high, np.float64(highs[i]))
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
    """Write the image's levels on the grid."""
    depth, height, width = image.shape
    # Without a border positions are indices of voxels, and a plane is one long row.
    planes = image.reshape((depth, 1, height * width))
    flat = Layout(height * width, height * width, 0, image.size, 0)
    no_mask = np.empty((0, 0, 0), np.bool_)
    box = Box(0, 0, 0, depth, 1, height * width)
    write_levels(planes, no_mask, scratch.grid, box, flat, scratch.levels)
