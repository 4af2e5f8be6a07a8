"""Betti curves from the bars of a persistence diagram; imports NumPy alone."""

from __future__ import annotations

import numpy as np


def betti_curve(births: np.ndarray, deaths: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Count the half-open bars [birth, death) that hold each threshold: int (N,)."""
    born = np.searchsorted(np.sort(births), thresholds, side="right")
    return born - np.searchsorted(np.sort(deaths), thresholds, side="right")


def curves_of_rows(
    dimension: np.ndarray,
    births: np.ndarray,
    deaths: np.ndarray,
    dimensions: tuple[int, ...],
    thresholds: np.ndarray,
) -> np.ndarray:
    """Return one Betti curve a dimension, (K, N), of bars that name their dimension."""
    return np.stack(
        [
            betti_curve(births[dimension == k], deaths[dimension == k], thresholds)
            for k in dimensions
        ]
    )
