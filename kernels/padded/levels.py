"""From values to small integer levels on the padded volume.

Only the order of the values matters to topology. A voxel's level is the index of the first
threshold that is not below its value; a voxel above every threshold or outside the mask is absent
and has level N. The border is of the highest level that fits into the bit planes, above all others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner
from .layout import Box, Layout, bounding_box, padded_layout, voxel_position


@inner
def plane_count(n_levels: int) -> int:
    """Planes that hold the levels 0 … N - 1, N (absent) and a border above them."""
    planes = 1
    while (1 << planes) < n_levels + 2:
        planes += 1
    return planes


@inner
def border_level(n_levels: int) -> int:
    """Level of the border: all planes set."""
    return (1 << plane_count(n_levels)) - 1


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


class Scale(NamedTuple):
    """How an even grid counts steps: (value - grid[0]) * per_unit, in the values' dtype.

    The result and the count of thresholds below the value agree wherever the result is further
    than `error` from a whole number. `per_unit` is 0 where the grid is not even enough.
    """

    per_unit: float
    error: float


@inner
def even_scale(grid: np.ndarray, like: np.ndarray) -> Scale:
    """Measure how even a grid is, float64 (N,), to values of the dtype of `like`."""
    uneven = Scale(0.0, 0.0)
    span = grid[-1] - grid[0]
    if not (0.0 < span < np.inf) or not (grid.size - 1) / span < np.inf:
        return uneven
    per_unit = (grid.size - 1) / span
    furthest = max(np.abs(grid[0]), np.abs(grid[-1]))
    if furthest > 1e30 or per_unit > 1e30:
        return uneven
    error = 0.0
    for k in range(grid.size):
        error = max(error, np.abs((grid[k] - grid[0]) * per_unit - k))
    # Rounding of grid[0], of the difference, of the scale and of the product.
    rounding = np.finfo(like.dtype).eps
    error += rounding * (4.0 * grid.size + 2.0 * furthest * per_unit)
    return Scale(per_unit, error) if error < 0.25 else uneven


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
def copy_grid(grid: np.ndarray, copy: np.ndarray) -> None:
    """Copy thresholds; `write_levels` is compiled for writable ones alone."""
    for k in range(grid.size):
        copy[k] = grid[k]


@inner
def fill_border(levels: np.ndarray, border: int, layout: Layout) -> None:
    """Set all levels of a padded volume to the border's, until its voxels are written."""
    for i in range(64 * layout.n_words):
        levels[i] = border


@inner
def write_levels(
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    box: Box,
    layout: Layout,
    levels: np.ndarray,
) -> None:
    """Write the levels of the voxels in `box`, where the layout has them.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
        levels: unsigned; written, but for what lies between the voxels.
    """
    scale = even_scale(grid, values)
    floors = floor_to(grid, values)
    for z in range(box.depth):
        for y in range(box.height):
            start = voxel_position(layout, z, y, 0)
            out = levels[start : start + box.width]
            row = values[box.z + z, box.y + y, box.x : box.x + box.width]
            if scale.per_unit == 0.0:
                for x in range(box.width):
                    out[x] = level_of(np.float64(row[x]), grid)
            elif _count_steps(row, floors, scale, out):
                _compare_nearest(row, floors, scale, out)
            if mask.size:
                inside = mask[box.z + z, box.y + y, box.x : box.x + box.width]
                for x in range(box.width):
                    out[x] = out[x] if inside[x] else grid.size


@inner
def _count_steps(row: np.ndarray, floors: np.ndarray, scale: Scale, out: np.ndarray) -> bool:
    """Write levels by steps of the grid alone; return whether some value is too near to one."""
    number = floors.dtype.type
    lowest, highest = floors[0], floors[-1]
    per_unit, error = number(scale.per_unit), number(scale.error)
    zero, one, last = number(0.0), number(1.0), number(floors.size - 1)
    doubt = False
    for x in range(row.size):
        value = row[x]
        steps = min(max((value - lowest) * per_unit, zero), last)
        whole = np.int32(steps)
        part = steps - number(whole)
        above, below = value > lowest, value <= highest
        doubt |= above & below & ((part <= error) | (part >= one - error))
        out[x] = (whole + np.int32(1) if above else np.int32(0)) if below else np.int32(floors.size)
    return doubt


@inner
def _compare_nearest(row: np.ndarray, floors: np.ndarray, scale: Scale, out: np.ndarray) -> None:
    """Write levels by comparing every value with the one threshold that is nearest to it."""
    number = floors.dtype.type
    lowest, last = floors[0], number(floors.size - 1)
    per_unit, half, zero = number(scale.per_unit), number(0.5), number(0.0)
    for x in range(row.size):
        steps = (row[x] - lowest) * per_unit + half
        nearest = np.uint32(min(max(steps, zero), last))
        out[x] = nearest + np.uint32(row[x] > floors[nearest])


@inner
def place_volume(
    values: np.ndarray, mask: np.ndarray, grid: np.ndarray, volumetric: bool, levels: np.ndarray
) -> Box:
    """Fill a workspace's levels with the box of the mask; return the box, of depth 0 if empty.

    Args:
        values, mask, grid: as `write_levels`.
        volumetric: the border is also above and below.
        levels: of a workspace for volumes of that size; written.
    """
    box = bounding_box(mask) if mask.size else Box(0, 0, 0, *values.shape)
    if box.depth > 0:
        border = border_level(grid.size)
        layout = padded_layout(box, volumetric)
        fill_border(levels, border, layout)
        steps = np.empty(grid.size, np.float64)
        copy_grid(grid, steps)
        write_levels(values, mask, steps, box, layout, levels)
    return box
