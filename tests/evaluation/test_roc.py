"""ROC curves against scikit-learn's areas and curves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from topojax.evaluation import roc_curve


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.sampled_from([1, 2, 5, 10**6]))
def test_curve_is_scikit_learns(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.r_[True, False, rng.random(n) < 0.4]
    scores = rng.integers(levels, size=len(positive)) / levels
    false, true = roc_curve(positive, scores)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    np.testing.assert_allclose(np.trapezoid(true, false), sk.roc_auc_score(positive, scores))
    expected_false, expected_true, _ = sk.roc_curve(positive, scores, drop_intermediate=False)
    corners = set(zip(false.round(9), true.round(9), strict=True))
    assert corners <= set(zip(expected_false.round(9), expected_true.round(9), strict=True))
