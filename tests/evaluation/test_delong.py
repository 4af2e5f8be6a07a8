"""DeLong's variance against its definition, a closed form, resampling and simulation."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from topojax.errors import ConfigError, DataError
from topojax.evaluation import auc_score, delong_difference, delong_interval
from topojax.evaluation.delong import _components


@st.composite
def paired_scores(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels with two of each class and two methods' scores, often tied."""
    n = draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.permutation(np.r_[0, 0, 1, 1, rng.integers(2, size=n)])
    levels = draw(st.sampled_from([1, 2, 5, 10**9]))
    a, b = rng.integers(levels, size=(2, len(labels))) / levels
    return labels, a, b


def _brute_components(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    positives, negatives = scores[labels == 1], scores[labels == 0]
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return wins.mean(axis=1), wins.mean(axis=0)


def _brute_covariance(labels: np.ndarray, *scores: np.ndarray) -> np.ndarray:
    of_positives, of_negatives = zip(*(_brute_components(labels, s) for s in scores), strict=True)
    m, n = (labels == 1).sum(), (labels == 0).sum()
    return np.cov(of_positives).reshape(len(scores), -1) / m + np.cov(of_negatives) / n


@settings(deadline=None, max_examples=150)
@given(paired_scores())
def test_components_are_those_of_the_definition(data: tuple) -> None:
    labels, scores, _ = data
    found = _components(labels == 1, scores, "scores")
    of_positives, of_negatives = _brute_components(labels, scores)
    m, n = len(of_positives), len(of_negatives)
    np.testing.assert_array_equal(found.of_positives, np.rint(2 * n * of_positives))
    np.testing.assert_array_equal(found.of_negatives, np.rint(2 * m * of_negatives))
    # Sun and Xu's differences of midranks.
    ranks, positive = stats.rankdata(scores), labels == 1
    midranks = ranks[positive] - stats.rankdata(scores[positive])
    np.testing.assert_array_equal(found.of_positives, 2 * midranks)


def test_difference_is_that_of_the_covariance_matrix() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=150)
    @given(paired_scores())
    def compare(data: tuple) -> None:
        labels, a, b = data
        found = delong_difference(labels, a, b)
        covariance = _brute_covariance(labels, a, b)
        variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
        areas = [_brute_components(labels, s)[0].mean() for s in (a, b)]
        value = areas[0] - areas[1]
        assert found.value == pytest.approx(value, abs=1e-12)
        half = stats.norm.ppf(0.975) * math.sqrt(max(variance, 0))
        assert found.low == pytest.approx(max(value - half, -1), abs=1e-7)
        assert found.high == pytest.approx(min(value + half, 1), abs=1e-7)
        if variance > 1e-12:
            seen["p-values"] += 1
            expected = 2 * stats.norm.sf(abs(value) / math.sqrt(variance))
            assert found.p_value == pytest.approx(expected, abs=1e-9)
        mirrored = delong_difference(labels, b, a)
        assert (mirrored.value, mirrored.p_value) == (-found.value, found.p_value)
        assert (mirrored.low, mirrored.high) == (-found.high, -found.low)

    compare()
    assert seen["p-values"] >= 30


def test_interval_is_on_the_logit_scale() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=100)
    @given(paired_scores(), st.floats(0.5, 0.99))
    def compare(data: tuple, level: float) -> None:
        labels, scores, _ = data
        found = delong_interval(labels, scores, level)
        probabilities = np.stack([1 - scores, scores], axis=1)
        assert found.value == pytest.approx(auc_score(labels, probabilities), abs=1e-12)
        variance = float(_brute_covariance(labels, scores)[0, 0])
        assert 0 <= found.low <= found.value <= found.high <= 1
        if variance > 1e-12:
            seen["intervals"] += 1
            half = stats.norm.ppf((1 + level) / 2) * math.sqrt(variance)
            half /= found.value * (1 - found.value)
            ends = np.log([p / (1 - p) for p in (found.value, found.low, found.high)])
            np.testing.assert_allclose(ends[1:] - ends[0], [-half, half], rtol=1e-6)

    compare()
    assert seen["intervals"] >= 30


def test_a_yes_or_no_test_has_a_closed_form() -> None:
    # Its components take two values half apart, so its variance is that of two proportions.
    labels = np.r_[np.ones(20, int), np.zeros(30, int)]
    decided = np.r_[np.ones(15), np.zeros(5), np.zeros(24), np.ones(6)]
    sensitivity, specificity = 15 / 20, 24 / 30
    area = (sensitivity + specificity) / 2
    variance = sensitivity * (1 - sensitivity) / (4 * 19) + specificity * (1 - specificity) / (
        4 * 29
    )
    found = delong_interval(labels, decided)
    half = stats.norm.ppf(0.975) * math.sqrt(variance) / (area * (1 - area))
    logit = math.log(area / (1 - area))
    assert found.value == pytest.approx(area)
    assert found.low == pytest.approx(1 / (1 + math.exp(half - logit)))
    assert found.high == pytest.approx(1 / (1 + math.exp(-half - logit)))


@settings(deadline=None, max_examples=50)
@given(paired_scores(), st.integers(0, 2**32 - 1))
def test_neither_order_nor_scale_matters(data: tuple, seed: int) -> None:
    labels, a, b = data
    order = np.random.default_rng(seed).permutation(len(labels))
    found = delong_difference(labels, a, b)
    assert delong_difference(labels[order], a[order], b[order]) == found
    assert delong_difference(labels, 8 * a - 3, b / 4) == found
    assert delong_interval(labels == 1, 8 * a - 3) == delong_interval(labels, a)


def test_perfect_separation_has_no_width() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.2, 0.6, 0.9])
    for sign, area in ((1, 1.0), (-1, 0.0)):
        found = delong_interval(labels, sign * scores)
        assert (found.value, found.low, found.high) == (area, area, area)
    found = delong_difference(labels, scores, np.zeros(5))
    assert (found.value, found.low, found.high, found.p_value) == (0.5, 0.5, 0.5, 0.0)


@settings(deadline=None, max_examples=50)
@given(paired_scores())
def test_identical_predictions_do_not_differ(data: tuple) -> None:
    labels, a, _ = data
    for b in (a, 2 * a + 1):
        found = delong_difference(labels, a, b)
        assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def _binormal(rng: np.random.Generator, separation: float, n: int) -> tuple:
    labels = np.r_[np.zeros(n // 2, int), np.ones(n - n // 2, int)]
    common = rng.normal(size=n) + separation * labels
    return labels, *(common + 0.7 * rng.normal(size=(2, n)))


@pytest.mark.parametrize("separation", [0.8, 2.2])
def test_interval_covers_the_true_area(separation: float) -> None:
    rng = np.random.default_rng(11)
    truth = stats.norm.cdf(separation / math.sqrt(2 * (1 + 0.49)))
    covered = 0
    for _ in range(500):
        labels, scores, _ = _binormal(rng, separation, 80)
        found = delong_interval(labels, scores, 0.9)
        covered += found.low <= truth <= found.high
    # 450 expected; the standard deviation of the count is 6.7.
    assert 425 <= covered <= 475


def test_equal_methods_are_told_apart_at_the_nominal_rate() -> None:
    rng = np.random.default_rng(12)
    found = [delong_difference(*_binormal(rng, 1.0, 100)) for _ in range(500)]
    p_values = np.array([one.p_value for one in found])
    # 25 expected below 0.05, with a standard deviation of 4.9; uniform altogether.
    assert 10 <= (p_values < 0.05).sum() <= 42
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    excluded = [not one.low <= 0 <= one.high for one in found]
    np.testing.assert_array_equal(excluded, p_values < 0.05)


def test_p_value_is_near_that_of_exchanging_the_methods(rng: np.random.Generator) -> None:
    labels, a, b = _binormal(rng, 1.0, 120)
    b = b + 0.35 * labels
    found = delong_difference(labels, a, b)
    # Ranks make the two methods exchangeable image by image (Venkatraman and Begg 1996).
    first, second = stats.rankdata(a), stats.rankdata(b)
    differences = []
    for _ in range(2000):
        swap = rng.random(120) < 0.5
        one, other = np.where(swap, second, first), np.where(swap, first, second)
        areas = [_brute_components(labels, s)[0].mean() for s in (one, other)]
        differences.append(areas[0] - areas[1])
    exchanged = (np.abs(differences) >= abs(found.value)).mean()
    assert 0.005 < found.p_value < 0.5
    assert found.p_value == pytest.approx(exchanged, abs=0.03)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1, 1], [0.1, 0.2, 0.3], "labels hold 1 of class 0"),
        ([0, 0, 0], [0.1, 0.2, 0.3], "labels hold 0 of class 1"),
        ([0, 0, 1, 1, 2], [0.1] * 5, "labels hold 2"),
        ([0.0, 1.0], [0.1, 0.2], "labels are float64"),
        ([0, 0, 1, 1], [0.1, 0.2, np.nan, 0.3], r"scores\[2\] is nan"),
        ([0, 0, 1, 1], [[0.1, 0.9]] * 4, r"scores is float64 of shape \(4, 2\)"),
        ([0, 0, 1, 1], ["a"] * 4, "scores is <U1"),
    ],
)
def test_bad_input_is_refused(labels: list, scores: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        delong_interval(np.array(labels), np.array(scores))


def test_bad_settings_and_the_second_method_are_named() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.arange(4.0)
    with pytest.raises(ConfigError, match="level=95"):
        delong_interval(labels, scores, 95)
    with pytest.raises(ConfigError, match="level=0"):
        delong_difference(labels, scores, scores, 0)
    with pytest.raises(DataError, match="b is float64 of shape"):
        delong_difference(labels, scores, scores[:3])
