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
from ..padded.levels import copy_grid, fill_border, mend_border
from ..padded.quantiser import level_of
from ..padded.value_lanes import VECTOR
from ..padded.workspace import Workspace
from .image_levels import Scratch, set_image_levels, set_own_grid
from .regions import find_region
from .rules import Rules


class Candidates(NamedTuple):
    """Regions of every image.

    maps: uint8 (B, L, S), bytes of the maps.
    zero: outside the region an image is 0, else it is absent.
    voxels: int64 (B, P); written.
    empty: bool (B, P); written.
    """

    maps: np.ndarray
    rules: Rules
    zero: bool
    voxels: np.ndarray
    empty: np.ndarray


@making
def place_candidate(
    work: Workspace,
    scratch: Scratch,
    candidates: Candidates,
    image: np.ndarray,
    grids: np.ndarray,
    b: int,
    p: int,
    volumetric: bool,
) -> Layout:
    """Fill `work.levels` with the region of candidate p in image b; return where its voxels lie.

    Candidates of an image must come one after the other from the first on.
    """
    region = find_region(
        candidates.maps[b],
        candidates.rules,
        p,
        image.shape[2],
        scratch.totals,
        scratch.inside,
        scratch.shadow,
    )
    candidates.voxels[b, p], candidates.empty[b, p] = region.voxels, region.empty
    renewed = p == 0
    if grids.shape[0] == 0:
        renewed = set_own_grid(image, region.box, scratch, renewed)
    elif renewed:
        copy_grid(grids[min(b, grids.shape[0] - 1)], scratch.grid)
    if renewed:
        set_image_levels(image, scratch)
    # The level of the voxels around the region.
    outside = level_of(0.0, scratch.grid) if candidates.zero else scratch.grid.size
    box = _widened(region.box, image.shape, volumetric) if candidates.zero else region.box
    layout = padded_layout(box, volumetric)
    _copy_levels(image.shape, scratch, box, layout, outside, work.levels)
    return layout


@inner
def _widened(box: Box, shape: tuple[int, int, int], volumetric: bool) -> Box:
    """Return the box with the voxels around it that the image has."""
    depth, height, width = shape
    z = max(box.z - 1, 0)
    y, x = max(box.y - 1, 0), max(box.x - 1, 0)
    z_end = min(box.z + box.depth + 1, depth)
    y_end, x_end = min(box.y + box.height + 1, height), min(box.x + box.width + 1, width)
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
    _, height, width = shape
    other = levels.dtype.type(outside)
    # Whole vectors, since a row is often shorter than one; what they write too much is border, or
    # is written again with the next row.
    run = (box.width + VECTOR - 1) // VECTOR * VECTOR
    for z in range(box.depth):
        for y in range(box.height):
            start = voxel_position(layout, z, y, 0)
            at = ((box.z + z) * height + box.y + y) * width + box.x
            out = levels[start : start + run]
            own = scratch.levels[at : at + run]
            inside = scratch.inside[at : at + run]
            for x in range(run):
                out[x] = own[x] if inside[x] else other
            mend_border(levels, start + box.width)
