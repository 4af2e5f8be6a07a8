"""The receiver operating characteristic of one class against the rest."""

from __future__ import annotations

import numpy as np

from topojax.masked import refuse_masked


def roc_curve(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ROC curve's corners: false and true positive rates, float64 (m,) each.

    The curve is straight between corners, so the trapezoidal area is the AUC with ties counted
    one half (Fawcett 2006, algorithm 1). It runs from (0, 0) to (1, 1).

    Args:
        positive: bool (n,), holding both values.
        scores: finite floats (n,), higher for positives.

    Raises:
        DataError: masked values.
    """
    refuse_masked(positive, "positive")
    refuse_masked(scores, "scores")
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    # Images of equal score are accepted together: one step, which may be slanted.
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    true = np.r_[0, np.cumsum(positive[order])[ends]]
    false = np.r_[0, ends + 1] - true
    keep = _corners(false, true)
    return false[keep] / false[-1], true[keep] / true[-1]


def _corners(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    dx, dy = np.diff(x), np.diff(y)
    turns = dx[1:] * dy[:-1] != dx[:-1] * dy[1:]
    return np.r_[True, turns, True]
