"""From values to integer levels on a padded volume.

Only the order of the values matters to topology. A voxel's level is the index of the first
threshold that is not below its value; a voxel above every threshold or outside the mask is absent
and has level N. The volume is cropped to the voxels that ever enter and surrounded by a border of
level N + 1, one voxel wide, which stands for the outside and spares every test for bounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Box(NamedTuple):
    """The voxels that are kept: lower corner and extent inside the image."""

    z: int
    y: int
    x: int
    depth: int
    height: int
    width: int


class Layout(NamedTuple):
    """The flat padded volume of a box: strides along z and y, and the range off the border.

    `first` and `last` enclose every voxel of the box, and border voxels at the ends of its rows.
    """

    size: int
    plane: int
    row: int
    first: int
    last: int


@njit(cache=True, nogil=True)
def padded_layout(depth: int, height: int, width: int) -> Layout:
    """Lay out a box with its border of one voxel."""
    row = width + 2
    plane = (height + 2) * row
    size = (depth + 2) * plane
    margin = plane + row + 1
    return Layout(size, plane, row, margin, size - margin)


@njit(cache=True, nogil=True)
def bounding_box(values: np.ndarray, mask: np.ndarray, highest: float) -> Box:
    """Smallest box around the voxels of the mask with values up to `highest`.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W).

    Returns:
        The box; depth, height and width are 0 where no voxel enters.
    """
    depth, height, width = values.shape
    z0, z1, y0, y1, x0, x1 = depth, -1, height, -1, width, -1
    for z in range(depth):
        for y in range(height):
            left = 0
            while left < width and not (mask[z, y, left] and values[z, y, left] <= highest):
                left += 1
            if left == width:
                continue
            right = width - 1
            while not (mask[z, y, right] and values[z, y, right] <= highest):
                right -= 1
            z0, z1 = min(z0, z), z
            y0, y1 = min(y0, y), max(y1, y)
            x0, x1 = min(x0, left), max(x1, right)
    if z1 < 0:
        return Box(0, 0, 0, 0, 0, 0)
    return Box(z0, y0, x0, z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)


@njit(cache=True, nogil=True)
def grid_scale(grid: np.ndarray) -> float:
    """Steps of an increasing grid per unit of value; 0 where that is not a finite number."""
    if grid.size < 2:
        return 0.0
    span = grid[-1] - grid[0]
    if not (0.0 < span < np.inf):
        return 0.0
    scale = (grid.size - 1) / span
    return scale if scale < np.inf else 0.0


@njit(cache=True, nogil=True)
def level_of(value: float, grid: np.ndarray, scale: float) -> int:
    """Index of the first threshold >= value, for a value up to the last threshold.

    On an even grid the first guess is right; it is checked, so that rounding cannot matter, and a
    binary search settles the rest.
    """
    steps = (value - grid[0]) * scale
    if steps > 0.0:
        guess = min(int(np.ceil(steps)), grid.size - 1)
        if grid[guess] >= value and grid[guess - 1] < value:
            return guess
    elif grid[0] >= value:
        return 0
    low, high = 0, grid.size - 1
    while low < high:
        middle = (low + high) // 2
        if grid[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def write_levels(
    values: np.ndarray, mask: np.ndarray, grid: np.ndarray, box: Box, levels: np.ndarray
) -> None:
    """Write the padded levels of the voxels in `box`.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W).
        grid: float64 (N,), not decreasing.
        levels: int32, at least the size of the padded box; written.
    """
    layout = padded_layout(box.depth, box.height, box.width)
    absent = grid.size
    scale = grid_scale(grid)
    levels[: layout.size] = absent + 1
    for z in range(box.depth):
        for y in range(box.height):
            start = (z + 1) * layout.plane + (y + 1) * layout.row + 1
            for x in range(box.width):
                level = absent
                if mask[box.z + z, box.y + y, box.x + x]:
                    value = np.float64(values[box.z + z, box.y + y, box.x + x])
                    if value <= grid[-1]:
                        level = level_of(value, grid, scale)
                levels[start + x] = level
