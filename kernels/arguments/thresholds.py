"""Checks of thresholds, and of how many of them there are to be."""

from __future__ import annotations

import math
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np

from .arrays import plain_layout, read_only, real_array

# Bytes of a grid that is remembered, and how many grids are.
_LARGEST_KNOWN = 2**15
_MOST_KNOWN = 16


def check_thresholds(thresholds: Any) -> np.ndarray:
    """Return thresholds as float64, C-ordered.

    Raises:
        TypeError: as `real_array`.
        ValueError: none, not finite, or not strictly increasing along the last axis.
    """
    array = real_array(thresholds, "thresholds")
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"thresholds has shape {array.shape}; expected at least one threshold")
    grid = plain_layout(array, np.float64)
    if grid.ndim == 1 and grid.nbytes <= _LARGEST_KNOWN:
        return _known_grid(grid.tobytes())
    return _rising(grid)


@lru_cache(maxsize=_MOST_KNOWN)
def _known_grid(content: bytes) -> np.ndarray:
    """Return a grid of that content, read-only: to compare bytes takes less than to check them."""
    return _rising(np.frombuffer(content, np.float64))


def _rising(grid: np.ndarray) -> np.ndarray:
    rising = grid[..., 1:] > grid[..., :-1]
    # No NaN rises, and of what rises the ends alone may be infinite.
    if np.count_nonzero(rising) == rising.size and _has_finite_ends(grid):
        return grid
    if not np.isfinite(grid).all():
        raise ValueError("thresholds has NaN or infinite values; expected finite ones")
    raise ValueError("thresholds is not strictly increasing; sort it and drop duplicates")


def _has_finite_ends(grid: np.ndarray) -> bool:
    if grid.ndim > 1:
        return bool(np.isfinite(grid[..., [0, -1]]).all())
    return math.isfinite(grid.item(0)) and math.isfinite(grid.item(-1))


def check_grid(thresholds: Any) -> np.ndarray:
    """Return one shared grid of thresholds, float64 (N,).

    Raises:
        TypeError, ValueError: as `check_thresholds`, or not 1-D.
    """
    grid = check_thresholds(thresholds)
    if grid.ndim != 1:
        raise ValueError(f"thresholds has shape {grid.shape}; expected (N,)")
    return grid


def check_grid_or_steps(thresholds: Any, images: np.ndarray) -> np.ndarray:
    """Return one grid for all, (1, N), or (0, N) where every region gets its own."""
    if not isinstance(thresholds, Integral):
        return frozen_grid(check_grid(thresholds)[np.newaxis])
    if isinstance(thresholds, bool) or thresholds < 2:
        raise ValueError(f"thresholds={thresholds}; expected at least 2 of them, or an array (N,)")
    # The range of all contains that of every region; it may overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        span = np.float64(images.max(initial=0)) - np.float64(images.min(initial=0))
    if not np.isfinite(span):
        raise ValueError(
            "images has infinite values or overflows float64; expected a finite range where "
            f"thresholds={thresholds} is a number"
        )
    return frozen_grid(np.empty((0, int(thresholds))))


def frozen_grid(grid: np.ndarray) -> np.ndarray:
    """Return float64 thresholds as the read-only array that kernels are compiled for."""
    return read_only(grid, np.float64)
