"""Adjustment of p-values for several comparisons (Holm 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.errors import DataError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted by Holm's step-down method, in the order given.

    Rejecting where an adjusted value is at most α keeps the probability of any false rejection
    among all at most α, whatever their dependence. The smallest of m is multiplied by m, the next
    by m - 1 and so on; none falls below one before it, and none exceeds 1.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)

    Args:
        p_values: numbers in [0, 1], at least one.

    Raises:
        DataError: no number, or one outside [0, 1].
    """
    values = np.asarray(p_values, np.float64)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise DataError(f"p_values={list(p_values)}; expected numbers from 0 to 1, at least one")
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return tuple(adjusted.tolist())
