"""How far from 0.5 the AUC of scores lies that know nothing of the labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from topojax.errors import DataError
from topojax.evaluation.result import check_level
from topojax.masked import refuse_masked

CHANCE = 0.5


def chance_error(counts: Sequence[int]) -> float:
    """Return the standard deviation of the AUC of scores that are independent of the labels.

    Of one class against the rest it is sqrt((n + 1) / (12 n_c (n - n_c))) (Mann and Whitney 1947);
    ties make it less. Of the mean over several classes this is the mean of theirs, which it does
    not exceed.

    >>> round(chance_error([42, 114]), 4)
    0.0523

    Args:
        counts: samples of each class, two classes or more, none of them without any.

    Raises:
        DataError: one class, one without a sample, or masked values.
    """
    refuse_masked(counts, "counts")
    sizes = np.asarray(counts, np.float64)
    if len(sizes) < 2 or sizes.min() < 1:
        raise DataError(f"counts={list(counts)}; expected at least 1 sample of 2 classes or more")
    n = sizes.sum()
    return float(np.mean(np.sqrt((n + 1) / (12 * sizes * (n - sizes)))))


def chance_interval(
    aucs: Sequence[float], errors: Sequence[float], level: float
) -> tuple[float, float, float]:
    """Return the mean of independent AUCs, and the ends of an interval around it.

    Scores that are independent of the labels have 0.5 in it with probability `level`, as nearly as
    their mean is normal. The spread of such AUCs is known (`chance_error`), and does not have to be
    found from a few seeds.

    Args:
        aucs: (n,), one a seed, n at least 1.
        errors: of each, `chance_error`.
        level: between 0 and 1.

    Raises:
        DataError: masked values.
        ConfigError: `level` outside (0, 1).
    """
    check_level(level)
    refuse_masked(aucs, "aucs")
    refuse_masked(errors, "errors")
    mean = float(np.mean(aucs))
    half = float(ndtri((1 + level) / 2)) * math.hypot(*errors) / len(errors)
    return mean, mean - half, mean + half
