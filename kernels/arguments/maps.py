"""Checks of the maps that regions are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import plain_array, read_only


def check_maps(maps: Any) -> np.ndarray:
    """Return maps as they are, or raise.

    Raises:
        TypeError: neither uint8 nor float32.
        ValueError: not (n, L, H, W) or (n, L, D, H, W), no layer, no voxel, masked
            values, NaN, or floats beyond [0, 1].
    """
    array = plain_array(maps, "maps")
    if array.dtype not in (np.uint8, np.float32):
        raise TypeError(f"maps has dtype {array.dtype}; expected uint8 (units of 1/255) or float32")
    if array.ndim not in (4, 5) or 0 in array.shape[1:]:
        raise ValueError(
            f"maps has shape {array.shape}; expected (n, L, H, W) or (n, L, D, H, W), one map or "
            "more of at least one voxel: those of one image are maps[np.newaxis]"
        )
    if array.dtype == np.float32 and array.size:
        lowest, highest = array.min(), array.max()
        if np.isnan(lowest):
            raise ValueError("maps has NaN; replace it, or drop those images")
        if not (lowest >= 0 and highest <= 1):
            raise ValueError(
                f"maps has values from {lowest:.6g} to {highest:.6g}; expected [0, 1], scale them"
            )
    return array


def map_bytes(maps: np.ndarray) -> np.ndarray:
    """Return the bytes of maps as the read-only uint8 (n, L, bytes) that kernels are compiled for.

    One type for all maps, for each of which everything else would be compiled once more.
    """
    layers = np.require(maps, requirements=["C", "A"])
    size = math.prod(maps.shape[2:])
    return read_only(layers.reshape(*maps.shape[:2], size).view(np.uint8), np.uint8)
