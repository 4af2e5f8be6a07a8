"""Regions of interest: fused maps, thresholded (paper, section 3).

The fused value (total - offset) / unit never falls as the total grows, however it is rounded; hence
the voxels at which it reaches a threshold are those whose total reaches one number, the cut, and no
voxel has to be divided.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import check_maps, map_bytes
from ..compiling import entry, inner
from ..padded.layout import Box
from ..threads import check_threads, run_in_threads
from .fusion import Scaling, fuse_layers, scaled, scaling_of
from .rules import Rules, rule_of


class Region(NamedTuple):
    """The box around a region, how many voxels it has, and whether none reached the threshold."""

    box: Box
    voxels: int
    empty: bool


def regions_of_interest(
    maps: Any, weights: Any, tau: float, *, rescale: bool = True, n_threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Threshold fused maps: the voxels at which `fuse_maps` reaches tau, as float32.

    Args:
        maps, weights, rescale: as `fuse_maps`.
        tau: in (0, 1].
        n_threads: None: the processors that this process may use. The result is the same for any.

    Returns:
        masks: bool (n, *spatial). A region that would be empty becomes the voxels of the fused
            map's maximum, so that no image is lost.
        empty: bool (n,), which of them would have been empty.

    Raises:
        TypeError, ValueError: as `fuse_maps`, or tau out of its range.

    Example:
        >>> import numpy as np
        >>> from topojax.kernels import regions_of_interest
        >>> maps = np.array([[[[0, 51], [102, 255]]]], np.uint8)
        >>> masks, empty = regions_of_interest(maps, [1.0], 0.4)
        >>> masks.tolist(), empty.tolist()
        ([[[False, False], [True, True]]], [False])
    """
    stack = check_maps(maps)
    rules = rule_of(stack, weights, tau, rescale)
    threads = check_threads(n_threads)
    layers = map_bytes(stack)
    height, width = stack.shape[-2:]
    masks = np.empty((len(stack), *stack.shape[2:]), np.bool_)
    rows = masks.reshape(len(stack), math.prod(stack.shape[2:]))
    empty = np.empty(len(stack), np.bool_)

    def write(start: int, stop: int) -> None:
        run = slice(start, stop)
        _write_regions(layers[run], rules, height, width, rows[run], empty[run])

    run_in_threads(write, len(stack), masks.size, threads)
    return masks, empty


@inner
def find_cut(
    lowest: np.float32, highest: np.float32, scaling: Scaling, tau: np.float32
) -> tuple[np.float32, bool]:
    """Return the least total whose fused value reaches tau, and whether none of the map's does.

    If none does, it is the least total whose fused value is the map's maximum.
    """
    most = scaled(highest, scaling)
    empty = most < tau
    value = most if empty else tau
    if scaled(lowest, scaling) >= value:
        return lowest, empty
    # Near enough that a few steps are left; below `lowest` nothing is asked.
    cut = value * scaling.unit + scaling.offset
    while scaled(cut, scaling) < value:
        cut = np.nextafter(cut, np.float32(np.inf))
    below = np.nextafter(cut, np.float32(-np.inf))
    while scaled(below, scaling) >= value:
        cut = below
        below = np.nextafter(cut, np.float32(-np.inf))
    return cut, empty


@inner
def mark_region(
    totals: np.ndarray, cut: np.float32, width: int, inside: np.ndarray, shadow: np.ndarray
) -> tuple[Box, int]:
    """Write which totals reach the cut; return their box, and how many they are.

    Args:
        totals: float32 (V,).
        width: voxels along the last axis.
        inside: bool (V,); written.
        shadow: bool (H W,); overwritten.
    """
    plane = shadow.size
    for i in range(plane):
        shadow[i] = False
    z0, z1, voxels = 0, -1, 0
    for z in range(totals.size // plane):
        row = totals[z * plane : (z + 1) * plane]
        out = inside[z * plane : (z + 1) * plane]
        count = np.int32(0)
        for i in range(plane):
            reached = row[i] >= cut
            out[i] = reached
            shadow[i] |= reached
            count += np.int32(reached)
        if count > 0:
            z0 = z if z1 < 0 else z0
            z1 = z
            voxels += int(count)
    y0, y1, x0, x1 = 0, -1, width, -1
    for y in range(plane // width):
        for x in range(width):
            if shadow[y * width + x]:
                y0 = y if y1 < 0 else y0
                y1 = y
                x0 = x if x < x0 else x0
                x1 = x if x > x1 else x1
    return Box(z0, y0, x0, z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1), voxels


@inner
def find_region(
    maps: np.ndarray,
    rules: Rules,
    candidate: int,
    width: int,
    totals: np.ndarray,
    inside: np.ndarray,
    shadow: np.ndarray,
) -> Region:
    """Write the region of one image by the rule of one candidate; see `mark_region`.

    Args:
        maps: uint8 (L, S), of the image.
    """
    lowest, highest = fuse_layers(maps, rules.weights[candidate], rules.wide, totals)
    scaling = scaling_of(lowest, highest, rules)
    cut, empty = find_cut(lowest, highest, scaling, rules.taus[candidate])
    box, voxels = mark_region(totals, cut, width, inside, shadow)
    return Region(box, voxels, empty)


@entry
def _write_regions(
    maps: np.ndarray,
    rules: Rules,
    height: int,
    width: int,
    masks: np.ndarray,
    empty: np.ndarray,
) -> None:
    totals = np.empty(masks.shape[1], np.float32)
    shadow = np.empty(height * width, np.bool_)
    for b in range(maps.shape[0]):
        empty[b] = find_region(maps[b], rules, 0, width, totals, masks[b], shadow).empty
