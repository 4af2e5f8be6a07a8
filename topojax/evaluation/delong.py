"""The variance of the AUC without resampling (DeLong, DeLong and Clarke-Pearson 1988).

A positive's component V10 is the share of negatives that score below it, a negative's V01 the
share of positives above it, ties one half; the AUC is the mean of either. Its variance is
var(V10) / m + var(V01) / n for m positives and n negatives, and that of a difference of two AUCs
on the same images is the same of the components' differences. Sun and Xu (2014) find every
component from midranks in O(N log N) instead of O(m n); binary searches give twice the same
differences of midranks, as whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from topojax.errors import DataError
from topojax.evaluation.result import Difference, Interval, check_level
from topojax.masked import refuse_masked


@dataclass(frozen=True)
class _Components:
    """2 n V10, int64 (m,), and 2 m V01, int64 (n,).

    Whole numbers, so that equal components have a variance of exactly zero: rounding would make
    a tiny one, and a p-value out of nothing.
    """

    of_positives: np.ndarray
    of_negatives: np.ndarray

    def __sub__(self, other: _Components) -> _Components:
        return _Components(
            self.of_positives - other.of_positives, self.of_negatives - other.of_negatives
        )

    def mean(self) -> float:
        m, n = len(self.of_positives), len(self.of_negatives)
        return int(self.of_positives.sum()) / (2 * m * n)

    def variance_of_mean(self) -> float:
        m, n = len(self.of_positives), len(self.of_negatives)
        return _variance_of_mean(self.of_positives, 2 * n) + _variance_of_mean(
            self.of_negatives, 2 * m
        )


def delong_interval(labels: np.ndarray, scores: np.ndarray, level: float = 0.95) -> Interval:
    """Return the AUC of two classes with DeLong's interval on the logit scale.

    The ends are expit(logit A ± z s / (A (1 - A))) with A the AUC and s its standard error (Pepe
    2003, chapter 5). They stay within (0, 1), and cover better near 1 than A ± z s. Where the
    standard error is zero, as after perfect separation, the interval is the AUC alone; that is a
    limit of the method, not certainty.

    Args:
        labels: integers (n,), 0 or 1, at least two of each.
        scores: finite floats (n,), higher for class 1, on any scale.
        level: nominal coverage, between 0 and 1.

    Raises:
        DataError: other shapes or labels, NaN, or fewer than two images of a class.
        ConfigError: `level` outside (0, 1).
    """
    check_level(level)
    components = _components(_checked_labels(labels), scores, "scores")
    area, variance = components.mean(), components.variance_of_mean()
    if variance == 0:
        return Interval(area, area, area)
    half = ndtri((1 + level) / 2) * math.sqrt(variance) / (area * (1 - area))
    centre = logit(area)
    return Interval(area, float(expit(centre - half)), float(expit(centre + half)))


def delong_difference(
    labels: np.ndarray, a: np.ndarray, b: np.ndarray, level: float = 0.95
) -> Difference:
    """Return the AUC of `a` minus that of `b`, two methods' scores of the same images.

    The interval is the difference ± z standard errors, cut at -1 and 1; the p-value is two-sided,
    from the normal distribution. Where the standard error is zero the interval is the difference
    alone and the p-value 1 for no difference, else 0.

    Args:
        labels: integers (n,), 0 or 1, at least two of each.
        a: finite floats (n,), higher for class 1, on any scale.
        b: the same of the other method, row by row of the same images.
        level: nominal coverage, between 0 and 1.

    Raises:
        DataError: other shapes or labels, NaN, or fewer than two images of a class.
        ConfigError: `level` outside (0, 1).
    """
    check_level(level)
    positive = _checked_labels(labels)
    components = _components(positive, a, "a") - _components(positive, b, "b")
    value, error = components.mean(), math.sqrt(components.variance_of_mean())
    if error == 0:
        return Difference(value, value, value, 1.0 if value == 0 else 0.0)
    half = float(ndtri((1 + level) / 2)) * error
    p_value = float(2 * ndtr(-abs(value) / error))
    return Difference(value, max(value - half, -1.0), min(value + half, 1.0), p_value)


def _components(positive: np.ndarray, scores: np.ndarray, name: str) -> _Components:
    values = _checked_scores(scores, len(positive), name)
    positives, negatives = values[positive], values[~positive]
    below = _half_wins(positives, np.sort(negatives))
    above = 2 * len(positives) - _half_wins(negatives, np.sort(positives))
    return _Components(below, above)


def _half_wins(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return twice the number of `ordered` values below each value, plus the number equal to it."""
    return np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")


def _variance_of_mean(counts: np.ndarray, unit: int) -> float:
    # Exact up to a million images a class; above, the squares' sum would leave int64.
    size, total, squares = len(counts), int(counts.sum()), int(counts @ counts)
    return (size * squares - total**2) / (size**2 * (size - 1) * unit**2)


def _checked_labels(labels: np.ndarray) -> np.ndarray:
    refuse_masked(labels, "labels")
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "biu":
        raise DataError(
            f"labels are {labels.dtype} of shape {labels.shape}; expected integers of shape (n,)"
        )
    others = labels[(labels != 0) & (labels != 1)]
    if len(others):
        raise DataError(
            f"labels hold {others[0]}; expected 0 or 1: DeLong's variance is for two classes, so "
            "take the bootstrap for more"
        )
    positive = labels == 1
    for c, count in ((0, int((~positive).sum())), (1, int(positive.sum()))):
        if count < 2:
            raise DataError(
                f"labels hold {count} of class {c}; expected at least two images of each class, "
                "since a variance of fewer is undefined"
            )
    return positive


def _checked_scores(scores: np.ndarray, n: int, name: str) -> np.ndarray:
    refuse_masked(scores, name)
    scores = np.asarray(scores)
    if scores.shape != (n,) or scores.dtype.kind not in "fiu":
        raise DataError(
            f"{name} is {scores.dtype} of shape {scores.shape}; expected real numbers of shape "
            f"({n},), one a label, such as the column of class 1"
        )
    bad = np.flatnonzero(~np.isfinite(scores))
    if len(bad):
        raise DataError(f"{name}[{bad[0]}] is {scores[bad[0]]}; expected finite numbers")
    return scores.astype(np.float64)
