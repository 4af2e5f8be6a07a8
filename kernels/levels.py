"""From values to small integer levels on a flat, padded volume.

Only the order of the values matters to topology. A voxel's level is the index of the first
threshold that is not below its value; a voxel above every threshold or outside the mask is absent
and has level N. The volume is cropped to the mask's box and surrounded by a border of the highest
level that fits into the bit planes, which stands for the outside and spares every test for bounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import inner

LEAD = 64
"""Border voxels before the first plane, so that a shifted read never starts before the array."""


class Box(NamedTuple):
    """The voxels that are kept: lower corner and extent inside the image."""

    z: int
    y: int
    x: int
    depth: int
    height: int
    width: int


class Layout(NamedTuple):
    """The flat padded volume of a box: strides along z and y, and where its voxels lie.

    `first` and `last` enclose every voxel of the box, and border voxels at the ends of its rows.
    A 2-D image is one plane with a border in the plane only; its `plane` is 0.
    """

    plane: int
    row: int
    first: int
    last: int
    n_words: int


@inner
def padded_layout(box: Box, volumetric: bool) -> Layout:
    """Lay out a box with its border of one voxel; `n_words` words of 64 voxels hold it."""
    row = box.width + 2
    rows = box.height + 2
    plane = rows * row if volumetric else 0
    reach = plane + row + 1
    first = LEAD + reach
    size = (box.depth + 2) * plane if volumetric else rows * row
    last = LEAD + size - reach
    # The last word of voxels reads up to `reach` and one word beyond.
    return Layout(plane, row, first, last, (last + reach) // 64 + 3)


@inner
def voxel_position(layout: Layout, z: int, y: int, x: int) -> int:
    """Flat position of a voxel of the box."""
    return layout.first + z * layout.plane + y * layout.row + x


@inner
def bounding_box(mask: np.ndarray) -> Box:
    """Smallest box around the voxels of the mask, bool (D, H, W); depth 0 where it is empty."""
    depth, height, width = mask.shape
    z0, z1, y0, y1 = depth, -1, height, -1
    columns = np.zeros(width, np.bool_)
    for z in range(depth):
        for y in range(height):
            row = mask[z, y]
            found = False
            for x in range(width):
                found |= row[x]
            if found:
                z0, z1 = min(z0, z), z
                y0, y1 = min(y0, y), max(y1, y)
                for x in range(width):
                    columns[x] |= row[x]
    if z1 < 0:
        return Box(0, 0, 0, 0, 0, 0)
    x0, x1 = 0, width - 1
    while not columns[x0]:
        x0 += 1
    while not columns[x1]:
        x1 -= 1
    return Box(z0, y0, x0, z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)


@inner
def level_of(value: float, grid: np.ndarray) -> int:
    """Index of the first threshold >= value, N where there is none."""
    low, high = 0, grid.size
    while low < high:
        middle = (low + high) // 2
        if grid[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def even_scale(grid: np.ndarray) -> float:
    """Steps of an even grid per unit of value, or 0.

    0 where the grid is not even to a quarter step, or where float32 could not tell steps apart.
    """
    span = grid[-1] - grid[0]
    if not (0.0 < span < np.inf) or not (grid.size - 1) / span < np.inf:
        return 0.0
    scale = (grid.size - 1) / span
    furthest = max(np.abs(grid[0]), np.abs(grid[-1]))
    if furthest > 1e30 or furthest * scale > 1e5 or scale > 1e30:
        return 0.0
    for k in range(grid.size):
        if not np.abs((grid[k] - grid[0]) * scale - k) < 0.25:
            return 0.0
    return scale


@inner
def floor_to(grid: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Largest values of a float dtype up to each threshold: v <= t if and only if v <= floor(t)."""
    floors = np.empty(grid.size, like.dtype)
    for k in range(grid.size):
        floors[k] = grid[k]
        if np.float64(floors[k]) > grid[k]:
            floors[k] = np.nextafter(floors[k], -floors.dtype.type(np.inf))
    return floors


@inner
def write_levels(
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    box: Box,
    layout: Layout,
    border: int,
    levels: np.ndarray,
) -> None:
    """Write the padded levels of the voxels in `box`.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
        border: level of the border.
        levels: uint8 or uint32, 64 a word of the layout; written.
    """
    scale = even_scale(grid)
    floors = floor_to(grid, values)
    levels[: 64 * layout.n_words] = border
    for z in range(box.depth):
        for y in range(box.height):
            start = voxel_position(layout, z, y, 0)
            out = levels[start : start + box.width]
            row = values[box.z + z, box.y + y, box.x : box.x + box.width]
            if scale > 0.0:
                _even_levels(row, floors, values.dtype.type(scale), out)
            else:
                for x in range(box.width):
                    out[x] = level_of(np.float64(row[x]), grid)
            if mask.size:
                inside = mask[box.z + z, box.y + y, box.x : box.x + box.width]
                for x in range(box.width):
                    out[x] = out[x] if inside[x] else grid.size


@inner
def _even_levels(row: np.ndarray, floors: np.ndarray, scale: float, out: np.ndarray) -> None:
    """Compare every value with the one threshold that is nearest to it."""
    number = floors.dtype.type
    lowest, last = floors[0], number(floors.size - 1)
    half, zero = number(0.5), number(0.0)
    for x in range(row.size):
        steps = (row[x] - lowest) * scale + half
        nearest = np.uint32(min(max(steps, zero), last))
        out[x] = nearest + np.uint32(row[x] > floors[nearest])
