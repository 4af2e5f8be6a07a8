"""The AUC of many candidates at once is the AUC of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.evaluation import auc_score, auc_scores, rank_aucs


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("decimals", [1, 7])
def test_equals_the_score_of_each_candidate(
    rng: np.random.Generator, n_classes: int, decimals: int
) -> None:
    labels = rng.permutation(np.arange(50) % n_classes)
    # Few decimals: many ties.
    raw = np.round(rng.random((8, 50, n_classes)), decimals) + 0.1
    probabilities = raw / raw.sum(axis=2, keepdims=True)
    expected = [auc_score(labels, one) for one in probabilities]
    np.testing.assert_array_equal(auc_scores(labels, probabilities), expected)


def test_images_left_out_do_not_count(rng: np.random.Generator) -> None:
    labels = np.arange(40) % 2
    scores = np.round(rng.random((6, 40)), 1)
    probabilities = np.stack([1 - scores, scores], axis=2)
    kept = rng.random((6, 40)) < 0.6
    expected = [
        auc_score(labels[mask], one[mask]) for one, mask in zip(probabilities, kept, strict=True)
    ]
    probabilities[~kept] = np.nan
    np.testing.assert_array_equal(auc_scores(labels, probabilities, kept), expected)


@given(hnp.arrays(np.float32, (3, 9), elements=st.floats(-2, 2, width=16)))
def test_counts_the_pairs_won(scores: np.ndarray) -> None:
    positive = np.arange(9) % 3 == 0
    difference = scores[:, positive, None] - scores[:, None, ~positive]
    won = ((difference > 0) + 0.5 * (difference == 0)).mean(axis=(1, 2))
    np.testing.assert_allclose(rank_aucs(positive, scores), won, rtol=1e-12)


def test_undefined_where_a_class_or_a_number_is_missing() -> None:
    positive = np.array([True, True, False, False])
    scores = np.array([[1, 2, 3, 4], [1, np.nan, 3, 4], [1, 2, np.inf, 4], [4, 3, 2, 1]], float)
    kept = np.ones((4, 4), bool)
    kept[0, :2] = False
    found = rank_aucs(positive, scores, kept)
    assert np.isnan(found[:3]).all()
    assert found[3] == 1.0
