"""Threshold grids t_1 < … < t_N of the Betti curves (design, section 1, "Grids")."""

from __future__ import annotations

import numpy as np

from topojax.errors import DataError


def fixed_grid(images: np.ndarray, n: int) -> np.ndarray:
    """Return N thresholds shared by all samples, float64 (N,): the training split's range.

    Curves of different samples are comparable only on a shared grid.

    Raises:
        DataError: the images are one constant, so that there is nothing to filter.
    """
    low, high = float(images.min()), float(images.max())
    if not low < high:
        raise DataError(
            f"images are constant at {low}; the threshold grid needs at least two intensities"
        )
    return np.linspace(low, high, n)


def sample_grids(images: np.ndarray, masks: np.ndarray, n: int) -> np.ndarray:
    """Return one grid a sample, 0 … max X' over the ROI, float64 (B, N) (paper, section 3).

    Where nothing in the ROI exceeds 0, the grid is 0 … 1: its curves are constant either way.
    """
    axes = tuple(range(1, images.ndim))
    top = np.max(images, axis=axes, where=masks, initial=0.0).astype(np.float64)
    return np.linspace(0.0, np.where(top > 0, top, 1.0), n, axis=-1)
