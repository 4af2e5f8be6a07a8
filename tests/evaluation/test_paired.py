"""Paired differences: the same resamples for both methods, DeLong for two classes, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from topojax.errors import ConfigError, DataError
from topojax.evaluation import Comparison, compare, delong_difference, score
from topojax.evaluation.bootstrap import resampling_weights
from topojax.evaluation.scores import METRICS, metric_values


def _two_methods(
    rng: np.random.Generator, n: int, n_classes: int, gain: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.r_[np.tile(np.arange(n_classes), 2), rng.integers(n_classes, size=n)]
    shared = rng.normal(size=(len(labels), n_classes)) + np.eye(n_classes)[labels]
    return labels, *(
        _softmax(shared + 0.3 * rng.normal(size=shared.shape) + extra * np.eye(n_classes)[labels])
        for extra in (gain, 0.0)
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_differences_are_those_of_the_same_resamples(
    rng: np.random.Generator, n_classes: int
) -> None:
    labels, a, b = _two_methods(rng, 70, n_classes)
    found = compare(labels, a, b, rng=np.random.default_rng(3), n_bootstrap=400, level=0.9)
    weights = np.concatenate(list(resampling_weights(labels, 400, np.random.default_rng(3))))
    first, second = (metric_values(labels, rows, weights).overall for rows in (a, b))
    scores = [score(labels, rows, rng=rng, n_bootstrap=1).metrics for rows in (a, b)]
    for name in METRICS:
        difference = found.differences[name]
        assert difference.value == pytest.approx(scores[0][name].value - scores[1][name].value)
        if name == "auc" and n_classes == 2:
            assert difference == delong_difference(labels, a[:, 1], b[:, 1], 0.9)
            continue
        resampled = first[name] - second[name]
        np.testing.assert_allclose(
            [difference.low, difference.high], np.quantile(resampled, [0.05, 0.95])
        )
        sides = min((resampled <= 1e-12).sum(), (resampled >= -1e-12).sum())
        assert difference.p_value == pytest.approx(min(1, 2 * (sides + 1) / 401))
    assert found.auc_method == ("delong" if n_classes == 2 else "bootstrap")
    assert (found.n, found.n_bootstrap, found.level) == (len(labels), 400, 0.9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_method_does_not_differ_from_itself(rng: np.random.Generator, n_classes: int) -> None:
    labels, a, _ = _two_methods(rng, 40, n_classes)
    found = compare(labels, a, a, rng=rng, n_bootstrap=50)
    for one in found.differences.values():
        assert (one.value, one.low, one.high, one.p_value) == (0, 0, 0, 1)


def test_a_better_method_is_found_better_and_the_other_way_round(
    rng: np.random.Generator,
) -> None:
    labels, a, b = _two_methods(rng, 300, 3, gain=1.5)
    found = compare(labels, a, b, rng=np.random.default_rng(0), n_bootstrap=300)
    mirrored = compare(labels, b, a, rng=np.random.default_rng(0), n_bootstrap=300)
    for name, one in found.differences.items():
        other = mirrored.differences[name]
        assert 0 < one.low < one.value < one.high
        assert one.p_value == other.p_value == pytest.approx(2 / 301)
        np.testing.assert_allclose([other.low, other.high], [-one.high, -one.low])


def test_pairing_narrows_the_interval(rng: np.random.Generator) -> None:
    labels, a, b = _two_methods(rng, 200, 3)
    paired = compare(labels, a, b, rng=rng, n_bootstrap=500).differences["auc"]
    apart = [score(labels, rows, rng=rng, n_bootstrap=500).metrics["auc"] for rows in (a, b)]
    unpaired = np.hypot(*(one.high - one.low for one in apart))
    assert paired.high - paired.low < 0.7 * unpaired


def test_bootstrap_and_delong_agree(rng: np.random.Generator) -> None:
    labels, a, b = _two_methods(rng, 400, 2, gain=0.2)
    delong = compare(labels, a, b, rng=rng, n_bootstrap=1).differences["auc"]
    weights = np.concatenate(list(resampling_weights(labels, 4000, rng)))
    first, second = (metric_values(labels, rows, weights).overall["auc"] for rows in (a, b))
    low, high = np.quantile(first - second, [0.025, 0.975])
    assert delong.low == pytest.approx(low, abs=0.005)
    assert delong.high == pytest.approx(high, abs=0.005)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_json_and_back(rng: np.random.Generator, n_classes: int) -> None:
    found = compare(*_two_methods(rng, 30, n_classes), rng=rng, n_bootstrap=40, level=0.8)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Comparison.from_json(json.loads(text)) == found
    assert set(json.loads(text)["f1"]) == {"value", "low", "high", "p_value"}


@pytest.mark.parametrize("broken", [{"auc": 3}, {"auc_method": "guess"}, {"n": None}])
def test_broken_json_is_refused(rng: np.random.Generator, broken: dict) -> None:
    values = compare(*_two_methods(rng, 20, 2), rng=rng, n_bootstrap=5).to_json()
    with pytest.raises(DataError, match="to_json"):
        Comparison.from_json(values | broken)
    with pytest.raises(DataError, match="lack the key 'auc_method'"):
        Comparison.from_json({k: value for k, value in values.items() if k != "auc_method"})


def test_bad_input_is_refused(rng: np.random.Generator) -> None:
    labels, a, b = _two_methods(rng, 20, 3)
    with pytest.raises(DataError, match=r"a has shape \(26, 3\) and b \(26, 4\)"):
        compare(labels, a, np.c_[b, np.zeros(26)], rng=rng)
    with pytest.raises(DataError, match=r"a has shape \(26, 3\) and b \(25, 3\)"):
        compare(labels, a, b[:-1], rng=rng)
    with pytest.raises(DataError, match=r"b\[0\] is .* softmax"):
        compare(labels, a, 2 * b, rng=rng)
    with pytest.raises(DataError, match="labels hold 1 of class 0"):
        compare(
            np.array([0, 1, 1]),
            a[:3, :2] / a[:3, :2].sum(1, keepdims=True),
            np.eye(2)[[0, 1, 1]],
            rng=rng,
        )
    with pytest.raises(ConfigError, match="n_bootstrap=0"):
        compare(labels, a, b, rng=rng, n_bootstrap=0)
    with pytest.raises(ConfigError, match="level=1"):
        compare(labels, a, b, rng=rng, level=1)
