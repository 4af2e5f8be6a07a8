"""The levels of one image on the regions of many candidates, without an image a candidate.

An image's levels are set once and kept as long as the grid stays the same; a candidate copies the
box of its region, in which the voxels outside the region become absent or get the level of 0. Of
X * M on the full grid no more than the region's box and one voxel around it is needed: what lies
beyond is solid from the level of 0 on, and the full grid shrinks onto the box along straight lines,
in which no hole is touched.

Levels that no voxel has change no Betti number: they are left out, which takes a binary volume from
6 bit planes to 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .bitplanes import border_level
from .compiling import inner
from .levels import (
    Box,
    Layout,
    copy_grid,
    fill_border,
    level_of,
    padded_layout,
    voxel_position,
    write_levels,
)
from .regions import Rules, find_region
from .volume import Workspace

_VECTOR = 32


class Scratch(NamedTuple):
    """Arrays for one image of V voxels, reused from candidate to candidate.

    totals: float32 (V,), of the fused map.
    inside: bool (V,) and room for a vector, the region.
    shadow: bool (H W,).
    levels: (V,) and room for a vector, of the image, without those that no voxel has; of the
        workspace's dtype.
    grid: float64 (N,), thresholds that `levels` are of.
    ranks: int64 (N + 1,), how many of the levels up to each one some voxel has.
    """

    totals: np.ndarray
    inside: np.ndarray
    shadow: np.ndarray
    levels: np.ndarray
    grid: np.ndarray
    ranks: np.ndarray


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


@inner
def new_scratch(shape: tuple[int, int, int], n_thresholds: int, work: Workspace) -> Scratch:
    """Return arrays for images of `shape` (D, H, W)."""
    depth, height, width = shape
    size = depth * height * width
    return Scratch(
        np.empty(size, np.float32),
        np.empty(size + _VECTOR, np.bool_),
        np.empty(height * width, np.bool_),
        np.empty(size + _VECTOR, work.levels.dtype),
        np.empty(n_thresholds, np.float64),
        np.empty(n_thresholds + 1, np.int64),
    )


@inner
def place_candidate(
    work: Workspace,
    scratch: Scratch,
    candidates: Candidates,
    image: np.ndarray,
    no_mask: np.ndarray,
    grids: np.ndarray,
    b: int,
    p: int,
    volumetric: bool,
) -> tuple[Box, int]:
    """Fill `work.levels` with the region of candidate p in image b.

    Candidates of an image must come one after the other from the first on.

    Returns:
        The box that was filled and the number of levels; depth 0 where nothing ever enters.
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
        renewed = _set_own_grid(image, region.box, scratch, renewed)
    elif renewed:
        copy_grid(grids[min(b, grids.shape[0] - 1)], scratch.grid)
    # The level of the voxels around the region.
    outside = level_of(0.0, scratch.grid) if candidates.zero else scratch.grid.size
    if renewed:
        _set_image_levels(image, no_mask, outside, p == 0, scratch)
    n_levels = scratch.ranks[scratch.grid.size] - 1
    if n_levels == 0:
        return Box(0, 0, 0, 0, 0, 0), n_levels
    box = _widened(region.box, image.shape, volumetric) if candidates.zero else region.box
    layout = padded_layout(box, volumetric)
    border = border_level(n_levels)
    of_outside = scratch.ranks[outside] - 1
    _copy_levels(image.shape, scratch, box, layout, of_outside, border, work.levels)
    return box, n_levels


@inner
def _set_own_grid(image: np.ndarray, box: Box, scratch: Scratch, first: bool) -> bool:
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


@inner
def _set_image_levels(
    image: np.ndarray, no_mask: np.ndarray, outside: int, first: bool, scratch: Scratch
) -> None:
    """Write the image's levels on the grid, renumbered without those that no voxel has.

    Args:
        outside: a level that counts as one that some voxel has.
        first: of the image's grids.
    """
    grid, levels, ranks = scratch.grid, scratch.levels, scratch.ranks
    depth, height, width = image.shape
    # Without a border positions are indices of voxels, and a plane is one long row.
    planes = image.reshape((depth, 1, height * width))
    flat = Layout(height * width, height * width, 0, image.size, 0)
    write_levels(planes, no_mask, grid, Box(0, 0, 0, depth, 1, height * width), flat, levels)
    if not first and 2 * (ranks[grid.size] - 1) > grid.size:
        # On grid after grid, leaving out few levels takes longer than it saves.
        for level in range(ranks.size):
            ranks[level] = level + 1
        return
    for level in range(ranks.size):
        ranks[level] = 0
    for i in range(image.size):
        ranks[levels[i]] = 1
    ranks[outside] = ranks[grid.size] = 1
    for level in range(1, ranks.size):
        ranks[level] += ranks[level - 1]
    if ranks[grid.size] < ranks.size:
        for i in range(image.size):
            levels[i] = ranks[levels[i]] - 1


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
    border: int,
    levels: np.ndarray,
) -> None:
    """Write the levels of the voxels in the box, the image's inside the region, and the border."""
    fill_border(levels, border, layout)
    _, height, width = shape
    other, beyond = levels.dtype.type(outside), levels.dtype.type(border)
    # Whole vectors, since a row is often shorter than one; what they write too much is border, or
    # is written again with the next row.
    run = (box.width + _VECTOR - 1) // _VECTOR * _VECTOR
    for z in range(box.depth):
        for y in range(box.height):
            start = voxel_position(layout, z, y, 0)
            at = ((box.z + z) * height + box.y + y) * width + box.x
            out = levels[start : start + run]
            own = scratch.levels[at : at + run]
            inside = scratch.inside[at : at + run]
            for x in range(run):
                out[x] = own[x] if inside[x] else other
            behind = levels[start + box.width : start + box.width + _VECTOR]
            for x in range(_VECTOR):
                behind[x] = beyond


@inner
def spread_levels(ranks: np.ndarray, curve: np.ndarray) -> None:
    """Move each Betti number from the level that some voxel has to all thresholds it holds for.

    Args:
        ranks: see `Scratch`.
        curve: int64 (N,), the first of which are known; written.
    """
    # From the back, since none comes from further behind than where it goes.
    for level in range(curve.size - 1, -1, -1):
        curve[level] = curve[ranks[level] - 1] if ranks[level] > 0 else 0


def _no_candidates() -> Candidates:
    maps = np.empty((0, 0, 0), np.uint8)
    weights, taus = np.empty((0, 0), np.float32), np.empty(0, np.float32)
    for array in (maps, weights, taus):
        array.flags.writeable = False
    found = np.empty((0, 0), np.int64), np.empty((0, 0), np.bool_)
    return Candidates(maps, Rules(weights, taus, False, False), False, *found)


NO_CANDIDATES = _no_candidates()
"""None, of the same types: for others everything would be compiled once more."""
