"""Checks of the rules that make a region of maps: fusion weights and a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import read_only, real_array

# Weighted sums stay far from the end of float32.
_LARGEST_WEIGHT = 1e30


def check_weights(weights: Any, n_layers: int) -> np.ndarray:
    """Return fusion weights as read-only float32, (L,) or (P, L) as they were given.

    Raises:
        TypeError: as `real_array`.
        ValueError: not one a layer, NaN, beyond [0, 1e30], or all zero in a row.
    """
    rows = real_array(weights, "weights").astype(np.float64)
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
    return read_only(narrow, np.float32)


def check_taus(taus: Any, name: str = "taus") -> np.ndarray:
    """Return thresholds on fused maps as read-only float32.

    Raises:
        TypeError: as `real_array`.
        ValueError: outside (0, 1], as given or as float32.
    """
    given = real_array(taus, name).astype(np.float64)
    with np.errstate(under="ignore"):
        narrow = given.astype(np.float32)
    bad = ~((narrow > 0) & (given <= 1))
    if bad.any():
        raise ValueError(f"{name}={given[bad].flat[0]}; expected a number in (0, 1]")
    return read_only(narrow, np.float32)


def check_rule(weights: Any, tau: Any, n_layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights, float32 (1, L), and the threshold, float32 (1,), of one candidate.

    Raises:
        TypeError, ValueError: as `check_weights` and `check_taus`, or more than one rule.
    """
    row, threshold = check_weights(weights, n_layers), check_taus(tau, "tau")
    if row.ndim != 1:
        raise ValueError(f"weights has shape {row.shape}; expected ({n_layers},), one a layer")
    if threshold.ndim:
        raise ValueError(f"tau has shape {threshold.shape}; expected a number")
    return row[np.newaxis], threshold[np.newaxis]


def check_rules(weights: Any, taus: Any, n_layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights, float32 (P, L), and the thresholds, float32 (P,), of P candidates.

    Raises:
        TypeError, ValueError: as `check_weights` and `check_taus`, or shapes that do not fit.
    """
    rows, thresholds = check_weights(weights, n_layers), check_taus(taus, "taus")
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"weights has shape {rows.shape}; expected (P, {n_layers}), P >= 1")
    if thresholds.shape != rows.shape[:1]:
        raise ValueError(f"taus has shape {thresholds.shape}; expected ({len(rows)},), as weights")
    return rows, thresholds
