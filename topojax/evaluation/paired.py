"""Differences of two methods on the same images: DeLong's for a binary AUC, else bootstrapped."""

from __future__ import annotations

import numpy as np

from topojax.errors import DataError
from topojax.evaluation.bootstrap import check_settings, percentile_ends, resampling_weights
from topojax.evaluation.delong import delong_difference
from topojax.evaluation.result import Comparison, Difference
from topojax.evaluation.scores import METRICS, checked, metric_values

# Equal macro means may differ by the rounding of a sum of K terms.
_ROUNDING = 1e-12


def compare(
    labels: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 1000,
    level: float = 0.95,
) -> Comparison:
    """Return every score of `a` minus that of `b`, with paired intervals and p-values.

    Both methods are scored on the same stratified resamples, so what makes an image hard for both
    cancels. For two classes the AUC's interval and p-value are DeLong's. The models are not
    refitted: the intervals speak of the choice of test images alone.

    Args:
        labels: integers (n,) in 0 … K-1, every class present.
        a: probabilities (n, K), rows that sum to 1 within 1e-3.
        b: the same of the other method, row by row of the same images.
        rng: where the resamples come from; the same state gives the same intervals.
        n_bootstrap: number of resamples.
        level: nominal coverage, between 0 and 1.

    Raises:
        DataError: other shapes, NaN, rows that are no probabilities, labels out of range, an
            absent class, or for two classes fewer than two images of a class.
        ConfigError: `n_bootstrap` below 1 or `level` outside (0, 1).
    """
    check_settings(n_bootstrap, level)
    if np.shape(a) != np.shape(b):
        raise DataError(
            f"a has shape {np.shape(a)} and b {np.shape(b)}; expected probabilities of the same "
            "images and classes"
        )
    labels, first = checked(labels, a, "a")
    labels, second = checked(labels, b, "b")
    point = _differences(labels, first, second, np.ones((1, len(labels))))
    parts = [
        _differences(labels, first, second, weights)
        for weights in resampling_weights(labels, n_bootstrap, rng)
    ]
    differences = {
        name: _difference(point[name], np.concatenate([part[name] for part in parts]), level)
        for name in METRICS
    }
    binary = first.shape[1] == 2
    if binary:
        differences["auc"] = delong_difference(labels, first[:, 1], second[:, 1], level)
    return Comparison(
        differences=differences,
        auc_method="delong" if binary else "bootstrap",
        n=len(labels),
        n_bootstrap=n_bootstrap,
        level=level,
    )


def _differences(
    labels: np.ndarray, a: np.ndarray, b: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    first, second = (metric_values(labels, rows, weights).overall for rows in (a, b))
    return {name: first[name] - second[name] for name in METRICS}


def _difference(point: np.ndarray, resampled: np.ndarray, level: float) -> Difference:
    low, high = percentile_ends(resampled, level)
    return Difference(float(point[0]), low, high, _p_value(resampled))


def _p_value(resampled: np.ndarray) -> float:
    """Return twice the smaller share of resamples on one side of zero, the data counted as one.

    It is about 1 minus the level at which the percentile interval begins to exclude zero; counting
    the data keeps it from being zero (Davison and Hinkley 1997, equation 4.11).
    """
    not_above = int((resampled <= _ROUNDING).sum())
    not_below = int((resampled >= -_ROUNDING).sum())
    return min(1.0, 2 * (1 + min(not_above, not_below)) / (1 + len(resampled)))
