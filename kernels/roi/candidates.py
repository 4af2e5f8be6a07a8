"""One image on the regions of many candidates, without an image a candidate.

A candidate copies the box of its region out of the image's levels; the voxels outside the region
become absent or get the level of 0. Of X * M on the full grid no more than the region's box and one
voxel around it is needed: what lies beyond is solid from the level of 0 on, and the full grid
shrinks onto the box along straight lines, in which no hole is touched.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from ..padded.layout import Box, Layout, padded_layout, voxel_position
from ..padded.levels import fill_border, mend_border
from ..padded.quantiser import level_of
from ..padded.value_lanes import VECTOR, keep_inside
from .image_levels import Scratch, set_image_levels, set_own_grid
from .regions import find_region
from .rules import Rules


class Candidates(NamedTuple):
    """Regions of every image.

    maps: uint8 (B, L, S), bytes of the maps.
    zero: outside the region an image is 0, else it is absent.
    own_grids: every region has its own grid, else all have that of the scratch arrays.
    voxels: int64 (B, P); written.
    empty: bool (B, P); written.
    """

    maps: np.ndarray
    rules: Rules
    zero: bool
    own_grids: bool
    voxels: np.ndarray
    empty: np.ndarray


@making
def place_candidate(
    levels: np.ndarray,
    scratch: Scratch,
    candidates: Candidates,
    image: np.ndarray,
    shape: tuple[int, int, int],
    b: int,
    p: int,
    volumetric: bool,
) -> Layout:
    """Fill `levels` with the region of candidate p in image b; return where its voxels lie.

    Candidates of an image must come one after the other from the first on.

    Args:
        levels: of a workspace; written.
        image: float32 or float64 (V,), of `shape` (D, H, W).
    """
    region = find_region(
        candidates.maps[b],
        candidates.rules,
        p,
        shape[2],
        scratch.totals,
        scratch.inside,
        scratch.shadow,
    )
    candidates.voxels[b, p], candidates.empty[b, p] = region.voxels, region.empty
    renewed = p == 0
    if candidates.own_grids:
        renewed = set_own_grid(image, shape[2], region.box, scratch, renewed)
    if renewed:
        set_image_levels(image, scratch)
    # The level of the voxels around the region.
    outside, box = scratch.grid.size, region.box
    if candidates.zero:
        outside, box = level_of(0.0, scratch.grid), _widened(box, shape)
    layout = padded_layout(box, volumetric)
    _copy_levels(shape, scratch, box, layout, outside, levels)
    return layout


@inner
def _widened(box: Box, shape: tuple[int, int, int]) -> Box:
    """Return the box with the voxels around it that the image has."""
    depth, height, width = shape
    z, z_end = box.z - (box.z > 0), box.z + box.depth
    y, y_end = box.y - (box.y > 0), box.y + box.height
    x, x_end = box.x - (box.x > 0), box.x + box.width
    z_end += z_end < depth
    y_end += y_end < height
    x_end += x_end < width
    return Box(z, y, x, z_end - z, y_end - y, x_end - x)


@inner
def _copy_levels(
    shape: tuple[int, int, int],
    scratch: Scratch,
    box: Box,
    layout: Layout,
    outside: int,
    levels: np.ndarray,
) -> None:
    """Write the levels of the voxels in the box, the image's inside the region, and the border."""
    fill_border(levels, layout)
    own, inside = scratch.levels, scratch.inside
    _, height, width = shape
    other = levels.dtype.type(outside)
    for z in range(box.depth):
        for y in range(box.height):
            start = ((box.z + z) * height + box.y + y) * width + box.x
            at = voxel_position(layout, z, y, 0)
            # Whole vectors, since a row is often shorter than one; what they write too much is
            # border, or is written again with the next row.
            for x in range(0, box.width, VECTOR):
                keep_inside(own, start + x, inside, start + x, other, levels, at + x)
            mend_border(levels, at + box.width)
