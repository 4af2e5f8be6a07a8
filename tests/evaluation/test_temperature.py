"""Temperature scaling: a known temperature found again, invariances, bounds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from topojax.errors import ConfigError, DataError
from topojax.evaluation import (
    TEMPERATURE_BOUNDS,
    auc_score,
    expected_calibration_error,
    fit_temperature,
    log_probabilities,
    negative_log_likelihood,
    temper,
)

_SEEDS = st.integers(0, 2**32 - 1)


def _calibrated(rng: np.random.Generator, n: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    logits = 1.5 * rng.normal(size=(n, n_classes))
    draws = temper(logits, 1).cumsum(axis=1) < rng.random((n, 1))
    return np.minimum(draws.sum(axis=1), n_classes - 1), logits


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 8.0])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_known_temperature_is_found_again(
    rng: np.random.Generator, temperature: float, n_classes: int
) -> None:
    labels, logits = _calibrated(rng, 6000, n_classes)
    found = fit_temperature(labels, logits * temperature)
    assert found == pytest.approx(temperature, rel=0.08)
    if temperature != 1:
        before = expected_calibration_error(labels, temper(logits * temperature, 1))
        after = expected_calibration_error(labels, temper(logits * temperature, found))
        assert after < before / 2


@settings(deadline=None, max_examples=60)
@given(_SEEDS, st.integers(1, 60), st.sampled_from([2, 3, 6]), st.floats(0.1, 10))
def test_posterior_is_the_best_of_a_fine_grid(
    seed: int, n: int, n_classes: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    labels, logits = _calibrated(rng, n, n_classes)
    logits = scale * logits
    found = fit_temperature(labels, logits)
    low, high = TEMPERATURE_BOUNDS
    assert low <= found <= high
    assert negative_log_likelihood(labels, logits / found) <= negative_log_likelihood(
        labels, logits
    )

    def loss(temperature: float) -> float:
        prior = np.log(temperature) ** 2 / (2 * 0.5**2)
        return negative_log_likelihood(labels, logits / temperature) + prior / n

    for other in np.geomspace(low, high, 200):
        assert loss(found) <= loss(other) + 1e-6


def test_decisions_and_ranks_stay() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=60)
    @given(_SEEDS, st.sampled_from([2, 3, 6]), st.floats(*TEMPERATURE_BOUNDS))
    def compare(seed: int, n_classes: int, temperature: float) -> None:
        labels, logits = _calibrated(np.random.default_rng(seed), 40, n_classes)
        tempered = temper(logits, temperature)
        np.testing.assert_array_equal(tempered.argmax(axis=1), logits.argmax(axis=1))
        np.testing.assert_allclose(tempered.sum(axis=1), 1)
        if n_classes == 2 and set(labels) == {0, 1} and temperature > 0.5:
            seen["AUCs"] += 1
            # Below, probabilities round to 1 and tie.
            assert auc_score(labels, tempered) == pytest.approx(
                auc_score(labels, temper(logits, 1))
            )

    compare()
    assert seen["AUCs"] >= 5


@settings(deadline=None, max_examples=60)
@given(_SEEDS, st.sampled_from([2, 3, 6]), st.floats(0.2, 5))
def test_logarithms_of_probabilities_serve_as_logits(
    seed: int, n_classes: int, temperature: float
) -> None:
    labels, logits = _calibrated(np.random.default_rng(seed), 50, n_classes)
    probabilities = temper(logits, 1)
    np.testing.assert_allclose(temper(log_probabilities(probabilities), 1), probabilities)
    np.testing.assert_allclose(
        temper(log_probabilities(probabilities), temperature), temper(logits, temperature)
    )
    assert fit_temperature(labels, log_probabilities(probabilities)) == pytest.approx(
        fit_temperature(labels, logits), rel=1e-3
    )
    expected = log_loss(labels, probabilities, labels=range(n_classes))
    assert negative_log_likelihood(labels, logits) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_zeros_have_finite_logarithms(dtype: type) -> None:
    probabilities = np.array([[1, 0], [0.25, 0.75]], dtype)
    logits = log_probabilities(probabilities)
    assert logits.dtype == np.float64
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(temper(logits, 1), probabilities, atol=1e-4)


def test_a_handful_of_correct_images_does_not_ask_for_certainty() -> None:
    for n_classes in (2, 3):
        labels = np.arange(18) % n_classes
        logits = 2.0 * np.eye(n_classes)[labels]
        found = fit_temperature(labels, logits)
        assert 0.3 < found < 1
        # One wrong image in ten of another split, as sure of itself as the others.
        others, wrong = (
            np.arange(10) % n_classes,
            2.0 * np.eye(n_classes)[np.arange(10) % n_classes],
        )
        wrong[0] = np.roll(wrong[0], 1)
        before = negative_log_likelihood(others, wrong)
        assert negative_log_likelihood(others, wrong / found) < 2 * before


def test_many_images_outweigh_the_prior() -> None:
    labels = np.arange(3000) % 3
    logits = 0.5 * np.eye(3)[labels]
    few, many = fit_temperature(labels[:9], logits[:9]), fit_temperature(labels, logits)
    assert many < few / 3


def test_separated_predictions_ask_for_the_lower_bound() -> None:
    labels = np.arange(3000) % 3
    assert fit_temperature(labels, 0.05 * np.eye(3)[labels]) == TEMPERATURE_BOUNDS[0]
    assert fit_temperature(labels, np.eye(3)[labels], (0.5, 2.0)) == 0.5


def test_wrong_predictions_ask_for_the_upper_bound() -> None:
    labels = np.arange(3000) % 2
    assert fit_temperature(labels, 100 * np.eye(2)[1 - labels]) == TEMPERATURE_BOUNDS[1]
    assert fit_temperature(labels, np.eye(2)[1 - labels], (1.0, 1.0)) == 1


def test_a_likelihood_of_one_has_no_negative_logarithm() -> None:
    labels = np.array([0, 1])
    for scale in (1e3, 50, 36.7):
        loss = negative_log_likelihood(labels, scale * np.eye(2))
        assert loss >= 0
        assert f"{loss:.3f}" == "0.000"


def test_what_no_temperature_changes_is_left_alone() -> None:
    labels = np.array([0, 1])
    assert fit_temperature(labels, np.zeros((2, 2))) == 1
    assert fit_temperature(labels, 1000 * np.eye(2)) == 1


def test_bad_input_is_refused() -> None:
    labels, logits = np.array([0, 1]), np.eye(2)
    for temperature in (0, -1, np.nan, np.inf):
        with pytest.raises(ConfigError, match="temperature="):
            temper(logits, temperature)
    with pytest.raises(DataError, match="logits are"):
        temper(logits[0], 1)
    with pytest.raises(DataError, match="log_probabilities"):
        temper(np.array([[0, -np.inf]]), 1)
    with pytest.raises(DataError, match=r"logits\[1\]"):
        fit_temperature(labels, np.array([[0, 1], [np.inf, 0]]))
    with pytest.raises(DataError, match="logits have shape"):
        fit_temperature(labels, logits[:1])
    with pytest.raises(DataError, match="int64"):
        log_probabilities(np.array([[0, 1]]))
    with pytest.raises(DataError, match="negative"):
        log_probabilities(np.array([[-0.5, 1.5]]))
