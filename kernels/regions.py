"""Regions of interest: maps fused with weights, scaled, and thresholded (paper, section 3).

Weighted sums of bytes, the totals, are divided by 255 once, after all layers. The fused value
(total - offset) / unit never falls as the total grows, however it is rounded; hence the voxels at
which it reaches a threshold are those whose total reaches one number, the cut, and no voxel has to
be divided. Totals are not negative, so that their bits, read as integers, have their order: LLVM
finds the least and the largest of integers in vector registers, those of floats it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .compiling import entry, inner, source_digest
from .inputs import check_maps, check_taus, check_weights, map_bytes
from .levels import Box
from .threads import check_threads, run_in_threads

# So many voxels at a time that their totals stay in the first cache from layer to layer.
_BLOCK = 4096
# Interpolating a constant leaves rounding noise of about 1e-7 of it; that is not a map.
_FLAT = np.float32(1e-6)


class Rules(NamedTuple):
    """How maps become regions, for P candidates.

    weights: float32 (P, L).
    taus: float32 (P,).
    rescale: the fused map is scaled to [0, 1].
    wide: maps are the bytes of float32, else bytes.
    """

    weights: np.ndarray
    taus: np.ndarray
    rescale: bool
    wide: bool


class Scaling(NamedTuple):
    """A fused map's value is (total - offset) / unit, float32; 0 everywhere where unit is inf."""

    offset: np.float32
    unit: np.float32


class Region(NamedTuple):
    """The box around a region, how many voxels it has, and whether none reached the threshold."""

    box: Box
    voxels: int
    empty: bool


def fuse_maps(maps: Any, weights: Any, *, rescale: bool = True) -> np.ndarray:
    """Sum the maps of an image's layers by weight: M = sum_l w_l M^l.

    Args:
        maps: (n, L, H, W) or (n, L, D, H, W), float32 in [0, 1], or uint8 in units of 1/255.
        weights: (L,), finite, not negative, not all zero; taken as float32.
        rescale: scale every sum to [0, 1], its maximum to exactly 1; a flat one, whose extent is no
            more than rounding noise, becomes all zeros.

    Returns:
        float32 (n, *spatial).

    Raises:
        TypeError: another dtype.
        ValueError: wrong shapes, NaN, or values out of their range.

    >>> maps = np.array([[[[0, 51], [102, 255]]]], np.uint8)
    >>> fuse_maps(maps, [0.5]).tolist()
    [[[0.0, 0.20000000298023224], [0.4000000059604645, 1.0]]]
    """
    stack = check_maps(maps)
    rules = check_rule(stack, weights, 1.0, rescale)
    fused = np.empty((len(stack), *stack.shape[2:]), np.float32)
    _write_fused(map_bytes(stack), rules, fused.reshape(len(stack), math.prod(stack.shape[2:])))
    return fused


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
    """
    stack = check_maps(maps)
    rules = check_rule(stack, weights, tau, rescale)
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


def check_rule(maps: np.ndarray, weights: Any, tau: Any, rescale: bool) -> Rules:
    """Return the rule of one candidate for maps of `check_maps`.

    Raises:
        TypeError, ValueError: as `fuse_maps` and `regions_of_interest`.
    """
    row, threshold = check_weights(weights, maps.shape[1]), check_taus(tau, "tau")
    if row.ndim != 1:
        raise ValueError(f"weights has shape {row.shape}; expected ({maps.shape[1]},), one a layer")
    if threshold.ndim:
        raise ValueError(f"tau has shape {threshold.shape}; expected a number")
    return Rules(row[np.newaxis], threshold[np.newaxis], bool(rescale), maps.dtype == np.float32)


def check_rules(maps: np.ndarray, weights: Any, taus: Any, rescale: bool) -> Rules:
    """Return the rules of P candidates for maps of `check_maps`.

    Raises:
        TypeError, ValueError: as `fuse_maps` and `regions_of_interest`.
    """
    rows, thresholds = check_weights(weights, maps.shape[1]), check_taus(taus, "taus")
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"weights has shape {rows.shape}; expected (P, {maps.shape[1]}), P >= 1")
    if thresholds.shape != rows.shape[:1]:
        raise ValueError(f"taus has shape {thresholds.shape}; expected ({len(rows)},), as weights")
    return Rules(rows, thresholds, bool(rescale), maps.dtype == np.float32)


@inner
def fuse_layers(
    maps: np.ndarray, weights: np.ndarray, wide: bool, totals: np.ndarray
) -> tuple[np.float32, np.float32]:
    """Write the weighted sums of an image's layers; return the least and the largest.

    Args:
        maps: uint8 (L, S), bytes or (`wide`) the bytes of float32.
        weights: float32 (L,).
        totals: float32 (V,); written.
    """
    lowest, highest = np.int32(2**31 - 1), np.int32(-(2**31))
    for start in range(0, totals.size, _BLOCK):
        stop = min(start + _BLOCK, totals.size)
        block = totals[start:stop]
        for layer in range(maps.shape[0]):
            if wide:
                _add_layer(maps[layer].view(np.float32)[start:stop], weights[layer], layer, block)
            else:
                _add_layer(maps[layer][start:stop], weights[layer], layer, block)
        bits = block.view(np.int32)
        for i in range(bits.size):
            lowest, highest = min(lowest, bits[i]), max(highest, bits[i])
    ends = np.empty(2, np.int32)
    ends[0], ends[1] = lowest, highest
    extremes = ends.view(np.float32)
    return extremes[0], extremes[1]


@inner
def _add_layer(values: np.ndarray, weight: np.float32, layer: int, totals: np.ndarray) -> None:
    if layer == 0:
        for i in range(totals.size):
            totals[i] = weight * np.float32(values[i])
    elif weight > 0:
        for i in range(totals.size):
            totals[i] += weight * np.float32(values[i])


@inner
def scaling_of(lowest: np.float32, highest: np.float32, rules: Rules) -> Scaling:
    """Choose how totals between these extremes are scaled."""
    if not rules.rescale:
        return Scaling(np.float32(0), np.float32(1 if rules.wide else 255))
    extent = highest - lowest
    if extent <= _FLAT * highest:
        return Scaling(lowest, np.float32(np.inf))
    return Scaling(lowest, extent)


@inner
def scaled(total: np.float32, scaling: Scaling) -> np.float32:
    """Return the fused map's value of a total."""
    return (total - scaling.offset) / scaling.unit


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
) -> Region:
    """Write which totals reach the cut, and find their box.

    Args:
        totals: float32 (V,).
        width: voxels along the last axis.
        inside: bool (V,); written.
        shadow: bool (H W,); overwritten.
    """
    plane = shadow.size
    for i in range(plane):
        shadow[i] = False
    z0, z1, voxels = totals.size // plane, -1, 0
    for z in range(totals.size // plane):
        row = totals[z * plane : (z + 1) * plane]
        out = inside[z * plane : (z + 1) * plane]
        count = np.int32(0)
        for i in range(plane):
            reached = row[i] >= cut
            out[i] = reached
            shadow[i] |= reached
            count += np.int32(reached)
        if count:
            z0, z1 = min(z0, z), z
            voxels += int(count)
    y0, y1, x0, x1 = plane, -1, width, -1
    for y in range(plane // width):
        for x in range(width):
            if shadow[y * width + x]:
                y0, y1 = min(y0, y), y
                x0, x1 = min(x0, x), max(x1, x)
    return Region(Box(z0, y0, x0, z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1), voxels, False)


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
    region = mark_region(totals, cut, width, inside, shadow)
    return Region(region.box, region.voxels, empty)


def _entry_points(digest: int) -> tuple[Callable[..., None], Callable[..., None]]:
    @entry
    def write_fused(maps: np.ndarray, rules: Rules, fused: np.ndarray) -> None:
        digest  # noqa: B018
        for b in range(maps.shape[0]):
            totals = fused[b]
            lowest, highest = fuse_layers(maps[b], rules.weights[0], rules.wide, totals)
            scaling = scaling_of(lowest, highest, rules)
            for i in range(totals.size):
                totals[i] = scaled(totals[i], scaling)

    @entry
    def write_regions(
        maps: np.ndarray,
        rules: Rules,
        height: int,
        width: int,
        masks: np.ndarray,
        empty: np.ndarray,
    ) -> None:
        digest  # noqa: B018
        totals = np.empty(masks.shape[1], np.float32)
        shadow = np.empty(height * width, np.bool_)
        for b in range(maps.shape[0]):
            empty[b] = find_region(maps[b], rules, 0, width, totals, masks[b], shadow).empty

    return write_fused, write_regions


_write_fused, _write_regions = _entry_points(source_digest())
