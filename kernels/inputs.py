"""Checks of what callers pass, and its conversion to the few types that kernels compile for."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

Construction = Literal["T", "V"]

# Weighted sums stay far from the end of float32.
_LARGEST_WEIGHT = 1e30
_LARGEST_INTEGER = 2**53


def check_images(images: Any, name: str, *, batch: bool) -> np.ndarray:
    """Return images as read-only, C-ordered float32 or float64 (B, D, H, W), B = 1 for one image.

    2-D images become one slice. Values are unchanged: float16, bool and integers of up to 16 bits
    fit into float32, everything else into float64.

    Raises:
        TypeError: not an array of real numbers.
        ValueError: not 2-D or 3-D images, a NaN, or an integer beyond 2^53.
    """
    array = np.asarray(images)
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind not in "fiub" or width > 8:
        raise TypeError(f"{name} has dtype {array.dtype}; expected bool, integer or float up to 64")
    if array.ndim - batch not in (2, 3):
        expected = "(B, H, W) or (B, D, H, W)" if batch else "(H, W) or (D, H, W)"
        raise ValueError(f"{name} has shape {array.shape}; expected {expected}")
    spatial = array.shape[int(batch) :]
    volume = spatial if len(spatial) == 3 else (1, *spatial)
    if array.size:
        _check_values(array, name)
    narrow = width <= 2 or (kind == "f" and width == 4)
    converted = _frozen(array, np.float32 if narrow else np.float64)
    return converted.reshape(array.shape[0] if batch else 1, *volume)


def _check_values(array: np.ndarray, name: str) -> None:
    if array.dtype.kind == "f":
        if np.isnan(array.min()):
            raise ValueError(f"{name} has NaN; replace it, or set absent voxels to +inf")
    elif array.dtype.itemsize == 8 and max(int(array.max()), -int(array.min())) > _LARGEST_INTEGER:
        raise ValueError(f"{name} has integers beyond 2^53, which float64 rounds; rescale it")


def check_masks(masks: Any, images: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return masks as read-only bool (B, D, H, W), or (1, 0, 0, 0) where there are none.

    Args:
        masks: bool of the images' shape, or None.
        images: what `check_images` returned.
        shape: the images' shape as the caller gave it.

    Raises:
        TypeError: not bool.
        ValueError: another shape.
    """
    if masks is None:
        return _frozen(np.empty((1, 0, 0, 0), np.bool_), np.bool_)
    array = np.asarray(masks)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} has dtype {array.dtype}; expected bool, such as {name} > 0")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; expected that of the image, {shape}")
    return _frozen(array, np.bool_).reshape(images.shape)


def check_maps(maps: Any) -> np.ndarray:
    """Return maps as they are, or raise.

    Raises:
        TypeError: neither uint8 nor float32.
        ValueError: not (n, L, H, W) or (n, L, D, H, W), no layer, no voxel, NaN, or floats beyond
            [0, 1].
    """
    array = np.asarray(maps)
    if array.dtype not in (np.uint8, np.float32):
        raise TypeError(f"maps has dtype {array.dtype}; expected uint8 (units of 1/255) or float32")
    if array.ndim not in (4, 5) or 0 in array.shape[1:]:
        raise ValueError(
            f"maps has shape {array.shape}; expected (n, L, H, W) or (n, L, D, H, W), one map or "
            "more of at least one voxel"
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
    return _frozen(layers.reshape(*maps.shape[:2], size).view(np.uint8), np.uint8)


def check_weights(weights: Any, n_layers: int) -> np.ndarray:
    """Return fusion weights as read-only float32, (L,) or (P, L) as they were given.

    Raises:
        TypeError: not real numbers.
        ValueError: not one a layer, NaN, beyond [0, 1e30], or all zero in a row.
    """
    rows = _real(weights, "weights")
    if rows.ndim not in (1, 2) or rows.shape[-1] != n_layers:
        raise ValueError(f"weights has shape {rows.shape}; expected ({n_layers},), one a layer")
    with np.errstate(over="ignore", under="ignore"):
        narrow = rows.astype(np.float32)
    bad = ~((rows >= 0) & (rows <= _LARGEST_WEIGHT)).all(axis=-1) | ~narrow.any(axis=-1)
    if bad.any():
        raise ValueError(
            f"weights={rows[bad][0].tolist()}; expected numbers from 0 to {_LARGEST_WEIGHT:g}, not "
            "all zero"
        )
    return _frozen(narrow, np.float32)


def check_taus(taus: Any, name: str) -> np.ndarray:
    """Return thresholds on fused maps as read-only float32.

    Raises:
        TypeError: not real numbers.
        ValueError: outside (0, 1], as given or as float32.
    """
    given = _real(taus, name)
    with np.errstate(under="ignore"):
        narrow = given.astype(np.float32)
    bad = ~((narrow > 0) & (given <= 1))
    if bad.any():
        raise ValueError(f"{name}={given[bad].flat[0]}; expected a number in (0, 1]")
    return _frozen(narrow, np.float32)


def _real(numbers: Any, name: str) -> np.ndarray:
    array = np.asarray(numbers)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"{name} has dtype {array.dtype}; expected real numbers")
    return array.astype(np.float64)


def check_sample(image: Any, mask: Any, construction: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return one image as a batch of one, its mask, and whether voxels are top-dimensional cells.

    Raises:
        TypeError, ValueError: as `check_images`, `check_masks` and `check_construction`.
    """
    top = check_construction(construction)
    images = check_images(image, "image", batch=False)
    return images, check_masks(mask, images, np.shape(image), "mask"), top


def check_thresholds(thresholds: Any) -> np.ndarray:
    """Return thresholds as float64, C-ordered.

    Raises:
        TypeError: not real numbers.
        ValueError: none, not finite, or not strictly increasing along the last axis.
    """
    array = np.asarray(thresholds)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"thresholds has dtype {array.dtype}; expected float64")
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"thresholds has shape {array.shape}; expected at least one threshold")
    grid = np.require(array, np.float64, ["C", "A"])
    if not np.isfinite(grid).all():
        raise ValueError("thresholds has NaN or infinite values; expected finite ones")
    if (grid[..., 1:] <= grid[..., :-1]).any():
        raise ValueError("thresholds is not strictly increasing; sort it and drop duplicates")
    return grid


def check_grid(thresholds: Any) -> np.ndarray:
    """Return one shared grid of thresholds, float64 (N,).

    Raises:
        TypeError, ValueError: as `check_thresholds`, or not 1-D.
    """
    grid = check_thresholds(thresholds)
    if grid.ndim != 1:
        raise ValueError(f"thresholds has shape {grid.shape}; expected (N,)")
    return grid


def check_construction(construction: str) -> bool:
    """Return whether voxels are top-dimensional cells.

    Raises:
        ValueError: neither T nor V.
    """
    if construction not in ("T", "V"):
        raise ValueError(f"construction={construction!r}; expected 'T' (voxels are cells) or 'V'")
    return construction == "T"


def frozen_grid(grid: np.ndarray) -> np.ndarray:
    """Return float64 thresholds as the read-only array that kernels are compiled for."""
    return _frozen(grid, np.float64)


def _frozen(array: np.ndarray, dtype: Any) -> np.ndarray:
    # Numba compiles anew for read-only arrays: with every input read-only there is one variant.
    view = np.require(array, dtype, ["C", "A"]).view()
    view.flags.writeable = False
    return view
