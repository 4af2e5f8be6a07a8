"""Maps fused with weights and scaled (paper, section 3).

Weighted sums of bytes, the totals, are divided by 255 once, after all layers. Totals are not
negative, so that their bits, read as integers, have their order: LLVM finds the least and the
largest of integers in vector registers, those of floats it does not.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..arguments import check_maps, map_bytes
from ..compiling import entry, inner
from .flatness import is_flat
from .float_bits import bits_of, float_at, float_of
from .rules import Rules, rule_of

# So many voxels at a time that their totals stay in the first cache from layer to layer.
_BLOCK = 4096

_is_flat = inner(is_flat)


class Scaling(NamedTuple):
    """A fused map's value is (total - offset) / unit, float32; 0 everywhere where unit is inf."""

    offset: np.float32
    unit: np.float32


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

    Example:
        >>> import numpy as np
        >>> from topojax.kernels import fuse_maps
        >>> maps = np.array([[[[0, 51], [102, 255]]]], np.uint8)
        >>> fuse_maps(maps, [0.5]).tolist()
        [[[0.0, 0.20000000298023224], [0.4000000059604645, 1.0]]]
    """
    stack = check_maps(maps)
    rules = rule_of(stack, weights, 1.0, rescale)
    fused = np.empty((len(stack), *stack.shape[2:]), np.float32)
    _write_fused(map_bytes(stack), rules, fused.reshape(len(stack), math.prod(stack.shape[2:])))
    return fused


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
        block = totals[start : start + _BLOCK]
        for layer in range(maps.shape[0]):
            if layer == 0:
                _write_layer(maps[layer], start, weights[layer], wide, block)
            elif weights[layer] > 0:
                _add_layer(maps[layer], start, weights[layer], wide, block)
        for i in range(block.size):
            bits = bits_of(block[i])
            lowest, highest = min(lowest, bits), max(highest, bits)
    return float_of(lowest), float_of(highest)


@inner
def _write_layer(
    layer: np.ndarray, start: int, weight: np.float32, wide: bool, totals: np.ndarray
) -> None:
    if wide:
        for i in range(totals.size):
            totals[i] = weight * float_at(layer, start + i)
    else:
        octets = layer[start : start + totals.size]
        for i in range(totals.size):
            totals[i] = weight * np.float32(octets[i])


@inner
def _add_layer(
    layer: np.ndarray, start: int, weight: np.float32, wide: bool, totals: np.ndarray
) -> None:
    if wide:
        for i in range(totals.size):
            totals[i] += weight * float_at(layer, start + i)
    else:
        octets = layer[start : start + totals.size]
        for i in range(totals.size):
            totals[i] += weight * np.float32(octets[i])


@inner
def scaling_of(lowest: np.float32, highest: np.float32, rules: Rules) -> Scaling:
    """Choose how totals between these extremes are scaled."""
    if not rules.rescale:
        return Scaling(np.float32(0), np.float32(1 if rules.wide else 255))
    if _is_flat(lowest, highest):
        return Scaling(lowest, np.float32(np.inf))
    return Scaling(lowest, highest - lowest)


@inner
def scaled(total: np.float32, scaling: Scaling) -> np.float32:
    """Return the fused map's value of a total."""
    return (total - scaling.offset) / scaling.unit


@entry
def _write_fused(maps: np.ndarray, rules: Rules, fused: np.ndarray) -> None:
    for b in range(maps.shape[0]):
        totals = fused[b]
        lowest, highest = fuse_layers(maps[b], rules.weights[0], rules.wide, totals)
        scaling = scaling_of(lowest, highest, rules)
        for i in range(totals.size):
            totals[i] = scaled(totals[i], scaling)
