"""Stratified percentile bootstrap (Efron and Tibshirani 1993, chapters 13 and 16)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from topojax.errors import ConfigError
from topojax.evaluation.result import Interval, Scores, check_level
from topojax.evaluation.scores import METRICS, PER_CLASS_METRICS, checked, metric_values

# Weights held at once: 2**22 of them are 32 MiB, and the scores need about five such arrays.
_WEIGHTS_AT_ONCE = 2**22


def score(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 1000,
    level: float = 0.95,
) -> Scores:
    """Return the scores of predictions with stratified bootstrap percentile intervals.

    Images are drawn with replacement within each class, so every resample has the class sizes of
    the data and every score is defined in it. The model is not refitted: the intervals speak of
    the choice of test images alone.

    Args:
        labels: integers (n,) in 0 … K-1, every class present.
        probabilities: (n, K), rows that sum to 1 within 1e-3.
        rng: where the resamples come from; the same state gives the same intervals.
        n_bootstrap: number of resamples.
        level: nominal coverage, between 0 and 1.

    Raises:
        DataError: other shapes, NaN, rows that are no probabilities, labels out of range, or an
            absent class.
        ConfigError: `n_bootstrap` below 1 or `level` outside (0, 1).
    """
    check_settings(n_bootstrap, level)
    labels, probabilities = checked(labels, probabilities)
    point = metric_values(labels, probabilities, np.ones((1, len(labels))))
    parts = [
        metric_values(labels, probabilities, weights)
        for weights in resampling_weights(labels, n_bootstrap, rng)
    ]
    per_class = PER_CLASS_METRICS if point.per_class else ()
    return Scores(
        metrics={
            name: _interval(point.overall[name], [part.overall[name] for part in parts], level)
            for name in METRICS
        },
        per_class={
            name: tuple(
                _interval(
                    point.per_class[name][:, c],
                    [part.per_class[name][:, c] for part in parts],
                    level,
                )
                for c in range(probabilities.shape[1])
            )
            for name in per_class
        },
        n=len(labels),
        n_bootstrap=n_bootstrap,
        level=level,
    )


def check_settings(n_bootstrap: int, level: float) -> None:
    """Refuse settings that give no interval.

    Raises:
        ConfigError: `n_bootstrap` below 1 or `level` outside (0, 1).
    """
    if n_bootstrap < 1:
        raise ConfigError(f"n_bootstrap={n_bootstrap} must be at least 1; 1000 is usual")
    check_level(level)


def resampling_weights(
    labels: np.ndarray, n_bootstrap: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield multiplicities of stratified resamples, float64 (b, n), n_bootstrap rows in all."""
    at_once = max(1, _WEIGHTS_AT_ONCE // len(labels))
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    for start in range(0, n_bootstrap, at_once):
        rows = min(at_once, n_bootstrap - start)
        weights = np.empty((rows, len(labels)))
        for member in members:
            size = len(member)
            drawn = rng.integers(size, size=(rows, size)) + size * np.arange(rows)[:, None]
            counts = np.bincount(drawn.ravel(), minlength=rows * size)
            weights[:, member] = counts.reshape(rows, size)
        yield weights


def percentile_ends(resampled: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of the percentile interval of values (B,) of B resamples."""
    low, high = np.quantile(resampled, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def _interval(point: np.ndarray, parts: list[np.ndarray], level: float) -> Interval:
    return Interval(float(point[0]), *percentile_ends(np.concatenate(parts), level))
