"""From values to small integer levels on the padded volume.

Only the order of the values matters to topology. A voxel's level is the index of the first
threshold that is not below its value; a voxel above every threshold or outside the mask is absent
and has level N. The border's level has all bits set, and is above all others.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner, making
from .layout import Box, Layout, bounding_box, padded_layout, voxel_position
from .quantiser import Quantiser, quantise, quantiser_of
from .value_lanes import VECTOR, keep_inside


@inner
def border_level(levels: np.ndarray) -> int:
    """Level of the border, all of whose bits are set, in the dtype of levels."""
    return ~levels.dtype.type(0)


@inner
def copy_grid(grid: np.ndarray, copy: np.ndarray) -> None:
    """Copy thresholds; `write_levels` is compiled for writable ones alone."""
    for k in range(grid.size):
        copy[k] = grid[k]


@inner
def fill_border(levels: np.ndarray, layout: Layout) -> None:
    """Set all levels of a padded volume to the border's, until its voxels are written."""
    border = border_level(levels)
    for i in range(64 * layout.n_words):
        levels[i] = border


@making
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
        levels: unsigned, with room for a vector behind the last voxel; written, and set to the
            border's behind each row.
    """
    flat, inside = values.reshape(values.size), mask.reshape(mask.size)
    quantiser = quantiser_of(flat, grid)
    _write_rows(flat, values.shape, inside, quantiser, grid.size, box, layout, levels)


@inner
def _write_rows(
    flat: np.ndarray,
    shape: tuple[int, int, int],
    inside: np.ndarray,
    quantiser: Quantiser,
    absent: int,
    box: Box,
    layout: Layout,
    levels: np.ndarray,
) -> None:
    _, height, width = shape
    for z in range(box.depth):
        for y in range(box.height):
            start = ((box.z + z) * height + box.y + y) * width + box.x
            at = voxel_position(layout, z, y, 0)
            # Whole vectors, since a row is often shorter than one; what they write too much is
            # border, or is written again with the next row.
            for x in range(0, box.width, VECTOR):
                quantise(flat, start + x, quantiser, levels, at + x)
                if inside.size:
                    _leave_out(inside, start + x, absent, levels, at + x)
            mend_border(levels, at + box.width)


@inner
def mend_border(levels: np.ndarray, at: int) -> None:
    """Write the border behind a row, which is stored by whole vectors, as far as these reach."""
    border, behind = border_level(levels), levels[at : at + VECTOR]
    for x in range(VECTOR):
        behind[x] = border


@inner
def _leave_out(inside: np.ndarray, start: int, absent: int, levels: np.ndarray, at: int) -> None:
    if inside.size - start >= VECTOR:
        keep_inside(levels, at, inside, start, levels.dtype.type(absent), levels, at)
    else:
        for x in range(inside.size - start):
            if not inside[start + x]:
                levels[at + x] = absent


@making
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
        layout = padded_layout(box, volumetric)
        fill_border(levels, layout)
        steps = np.empty(grid.size, np.float64)
        copy_grid(grid, steps)
        write_levels(values, mask, steps, box, layout, levels)
    return box
