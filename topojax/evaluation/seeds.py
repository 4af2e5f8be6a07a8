"""Means over seeds with Student's interval: how much one training differs from the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from topojax.errors import DataError
from topojax.evaluation.result import check_level
from topojax.masked import refuse_masked


@dataclass(frozen=True)
class SeedSummary:
    """A mean over n seeds, its standard error, and the ends of its interval."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int


def summarise_seeds(values: Sequence[float] | np.ndarray, level: float = 0.95) -> SeedSummary:
    """Return the mean of one score a seed, with mean ± t s / √n (Student 1908).

    The interval speaks of the choice of seed on these images; that of the images is the
    bootstrap's and DeLong's.

    >>> summary = summarise_seeds([0.81, 0.84, 0.87])
    >>> print(f"{summary.mean:.2f} [{summary.low:.2f}, {summary.high:.2f}]")
    0.84 [0.77, 0.91]

    Args:
        values: finite numbers (n,), one a seed, n at least 2.
        level: nominal coverage, between 0 and 1.

    Raises:
        DataError: another shape, NaN, or fewer than two seeds.
        ConfigError: `level` outside (0, 1).
    """
    check_level(level)
    numbers = _checked(values, "values")
    mean = float(numbers.mean())
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    half = float(stdtrit(len(numbers) - 1, (1 + level) / 2)) * error
    return SeedSummary(mean, error, mean - half, mean + half, len(numbers))


def summarise_seed_differences(
    a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray, level: float = 0.95
) -> SeedSummary:
    """Return the mean of `a - b` over seeds, paired: both methods' scores, seed by seed.

    Raises:
        DataError: other shapes, NaN, different numbers of seeds, or fewer than two.
        ConfigError: `level` outside (0, 1).
    """
    first, second = _checked(a, "a"), _checked(b, "b")
    if len(first) != len(second):
        raise DataError(
            f"a has {len(first)} seeds and b {len(second)}; expected the scores of both methods "
            "for the same seeds, in the same order"
        )
    return summarise_seeds(first - second, level)


def _checked(values: Sequence[float] | np.ndarray, name: str) -> np.ndarray:
    refuse_masked(values, name)
    numbers = np.asarray(values)
    if numbers.ndim != 1 or len(numbers) < 2 or numbers.dtype.kind not in "fiu":
        raise DataError(
            f"{name} is {numbers.dtype} of shape {numbers.shape}; expected one number a seed, and "
            "two seeds at least, since the spread of one is unknown"
        )
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise DataError(f"{name}[{bad[0]}] is {numbers[bad[0]]}; expected finite numbers")
    return numbers.astype(np.float64)
