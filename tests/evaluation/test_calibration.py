"""Calibration errors against plain loops and scikit-learn."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from topojax.errors import ConfigError, DataError
from topojax.evaluation import (
    brier_score,
    equal_mass_calibration_error,
    equal_mass_reliability_curve,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_curve,
)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities with many ties and confidences at the ends of bins."""
    n_classes, n = draw(st.sampled_from([2, 3, 5])), draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([1, 5, 15, 10**6]))
    counts = rng.multinomial(levels, rng.dirichlet(np.ones(n_classes)), size=n)
    return rng.integers(n_classes, size=n), counts / levels


def _outcomes(labels: np.ndarray, probabilities: np.ndarray) -> list[tuple[float, bool]]:
    binary = probabilities.shape[1] == 2
    decided = [int(row[1] > 0.5) if binary else int(np.argmax(row)) for row in probabilities]
    rows = zip(labels, probabilities, decided, strict=True)
    return [(row[choice], choice == label) for label, row, choice in rows]


@settings(deadline=None, max_examples=150)
@given(predictions(), st.sampled_from([1, 3, 10, 15]))
def test_errors_are_those_of_a_plain_loop(data: tuple, n_bins: int) -> None:
    outcomes = _outcomes(*data)
    edges = np.linspace(0, 1, n_bins + 1)
    expected, largest, held = 0.0, 0.0, []
    for low, high in pairwise(edges):
        inside = [(sure, right) for sure, right in outcomes if low < sure <= high]
        if inside:
            sure, right = np.mean(inside, axis=0)
            expected += len(inside) / len(outcomes) * abs(right - sure)
            largest = max(largest, abs(right - sure))
            held.append((low, high, sure, right, len(inside)))
    assert expected_calibration_error(*data, n_bins=n_bins) == pytest.approx(expected, abs=1e-12)
    assert maximum_calibration_error(*data, n_bins=n_bins) == pytest.approx(largest, abs=1e-12)
    curve = reliability_curve(*data, n_bins=n_bins)
    found = (curve.low, curve.high, curve.confidence, curve.accuracy, curve.count)
    np.testing.assert_allclose(np.stack(found, axis=1), held, atol=1e-12)


def test_equal_mass_bins_hold_every_image_once() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=150)
    @given(predictions(), st.integers(1, 20))
    def compare(data: tuple, n_bins: int) -> None:
        curve = equal_mass_reliability_curve(*data, n_bins=n_bins)
        confidences = np.array([sure for sure, _ in _outcomes(*data)])
        assert curve.count.sum() == len(confidences)
        assert len(curve.count) <= n_bins
        for low, high, mean, count in zip(
            curve.low, curve.high, curve.confidence, curve.count, strict=True
        ):
            inside = confidences[(confidences > low) & (confidences <= high)]
            assert len(inside) == count
            assert inside.mean() == pytest.approx(mean)
        if len(np.unique(confidences)) == len(confidences):
            seen["all distinct"] += 1
            assert curve.count.max() - curve.count.min() <= 1
            assert len(curve.count) == min(n_bins, len(confidences))
        error = equal_mass_calibration_error(*data, n_bins=n_bins)
        assert error == pytest.approx((curve.count * np.abs(curve.gap)).sum() / curve.count.sum())

    compare()
    assert seen["all distinct"] >= 10


@settings(deadline=None, max_examples=50)
@given(predictions())
def test_one_bin_leaves_the_gap_of_the_means(data: tuple) -> None:
    sure, right = np.mean(_outcomes(*data), axis=0)
    for error in (
        expected_calibration_error,
        equal_mass_calibration_error,
        maximum_calibration_error,
    ):
        assert error(*data, n_bins=1) == pytest.approx(abs(sure - right), abs=1e-12)
    assert expected_calibration_error(*data) <= maximum_calibration_error(*data) + 1e-12


def test_brier_score_is_scikit_learns() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=80)
    @given(predictions())
    def compare(data: tuple) -> None:
        labels, probabilities = data
        n_classes = probabilities.shape[1]
        if n_classes == 2:
            expected = np.mean((probabilities[:, 1] - labels) ** 2)
            if set(labels) == {0, 1}:
                seen["two classes"] += 1
                assert brier_score_loss(labels, probabilities[:, 1]) == pytest.approx(expected)
        else:
            seen["more classes"] += 1
            expected = brier_score_loss(labels, probabilities, labels=range(n_classes))
        assert brier_score(labels, probabilities) == pytest.approx(expected, abs=1e-12)

    compare()
    assert min(seen["two classes"], seen["more classes"]) >= 10


def test_calibrated_predictions_have_small_errors(rng: np.random.Generator) -> None:
    probabilities = rng.dirichlet(np.ones(3), size=20000)
    labels = (probabilities.cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1)
    assert expected_calibration_error(labels, probabilities) < 0.015
    assert equal_mass_calibration_error(labels, probabilities) < 0.015


def test_sure_and_wrong_is_the_worst() -> None:
    labels, probabilities = np.array([0, 1]), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert expected_calibration_error(labels, probabilities) == 1
    assert maximum_calibration_error(labels, probabilities) == 1
    assert brier_score(labels, probabilities) == 1
    assert brier_score(labels, np.c_[probabilities, [0, 0]]) == 2


def test_rows_above_one_by_rounding_are_in_the_last_bin() -> None:
    curve = reliability_curve(np.array([0, 1]), np.array([[1.0005, 0], [0, 1.0]]))
    assert curve.count.tolist() == [2]
    assert (curve.low[0], curve.high[0]) == (pytest.approx(14 / 15), 1)


def test_bad_input_is_refused() -> None:
    labels, probabilities = np.array([0, 1]), np.full((2, 2), 0.5)
    for function in (reliability_curve, equal_mass_reliability_curve):
        with pytest.raises(ConfigError, match="n_bins=0"):
            function(labels, probabilities, n_bins=0)
        with pytest.raises(DataError, match="softmax"):
            function(labels, probabilities * 3)
    with pytest.raises(DataError, match="finite"):
        brier_score(labels, probabilities * np.nan)
    with pytest.raises(DataError, match="labels run from 0 to 2"):
        brier_score(np.array([0, 2]), probabilities)
