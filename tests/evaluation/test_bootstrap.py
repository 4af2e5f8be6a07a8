"""The bootstrap: strata, seeds, coverage, and the JSON it is stored as."""

from __future__ import annotations

import json

import numpy as np
import pytest

from topojax.errors import ConfigError, DataError
from topojax.evaluation import Scores, score
from topojax.evaluation import bootstrap as bootstrap_module
from topojax.evaluation.bootstrap import resampling_weights


def _predictions(
    rng: np.random.Generator, n: int, n_classes: int, skill: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    labels = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]
    logits = rng.normal(size=(n, n_classes)) + skill * np.eye(n_classes)[labels]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_resamples_keep_the_class_sizes(rng: np.random.Generator) -> None:
    labels = np.array([2, 0, 0, 1, 2, 2, 2])
    weights = np.concatenate(list(resampling_weights(labels, 400, rng)))
    assert weights.shape == (400, 7)
    for c in range(3):
        assert (weights[:, labels == c].sum(axis=1) == (labels == c).sum()).all()
    # Within a class every image is drawn once on average, with the variance of a multinomial.
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.2)
    assert weights[:, 0].var() == pytest.approx(3 / 4, abs=0.2)


def test_intervals_are_those_of_a_plain_loop(rng: np.random.Generator) -> None:
    labels, probabilities = _predictions(rng, 120, 2)
    found = score(labels, probabilities, rng=np.random.default_rng(1), n_bootstrap=2000)
    members = [np.flatnonzero(labels == c) for c in (0, 1)]
    aucs, f1s = [], []
    for _ in range(1000):
        negatives, positives = (
            probabilities[rng.choice(member, len(member)), 1] for member in members
        )
        pairs = np.subtract.outer(positives, negatives)
        aucs.append(((pairs > 0) + 0.5 * (pairs == 0)).mean())
        hits, false_alarms = (positives > 0.5).sum(), (negatives > 0.5).sum()
        f1s.append(2 * hits / (hits + false_alarms + len(positives)))
    for name, values in (("auc", aucs), ("f1", f1s)):
        interval = found.metrics[name]
        np.testing.assert_allclose(
            [interval.low, interval.high], np.quantile(values, [0.025, 0.975]), atol=0.02
        )


def test_interval_covers_the_expected_score() -> None:
    rng = np.random.default_rng(5)
    # Two normals one standard deviation apart on each logit: the difference of logits is
    # N(±1, 2), whose AUC is Φ(2 / 2) = 0.8413 and whose sensitivity is Φ(1 / √2) = 0.7602.
    covered = {"auc": 0, "sensitivity": 0}
    for _ in range(100):
        labels, probabilities = _predictions(rng, 150, 2)
        found = score(labels, probabilities, rng=rng, n_bootstrap=300, level=0.9)
        for name, truth in (("auc", 0.8413), ("sensitivity", 0.7602)):
            covered[name] += found.metrics[name].low <= truth <= found.metrics[name].high
    assert all(80 <= count <= 98 for count in covered.values()), covered


def test_same_seed_same_intervals(rng: np.random.Generator) -> None:
    labels, probabilities = _predictions(rng, 60, 3)

    def scored(seed: int) -> Scores:
        return score(labels, probabilities, rng=np.random.default_rng(seed), n_bootstrap=200)

    assert scored(0) == scored(0)
    assert scored(0) != scored(1)


def test_pieces_of_many_resamples_are_put_together(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, probabilities = _predictions(rng, 50, 2)
    whole = score(labels, probabilities, rng=np.random.default_rng(0), n_bootstrap=3000)
    monkeypatch.setattr(bootstrap_module, "_WEIGHTS_AT_ONCE", 50 * 7)
    pieces = score(labels, probabilities, rng=np.random.default_rng(0), n_bootstrap=3000)
    assert pieces.metrics["auc"].value == whole.metrics["auc"].value
    assert pieces.metrics["auc"].low == pytest.approx(whole.metrics["auc"].low, abs=0.02)
    assert sum(len(w) for w in resampling_weights(labels, 3000, rng)) == 3000


def test_a_higher_level_gives_wider_intervals(rng: np.random.Generator) -> None:
    labels, probabilities = _predictions(rng, 80, 3)
    narrow = score(labels, probabilities, rng=np.random.default_rng(0), level=0.5)
    wide = score(labels, probabilities, rng=np.random.default_rng(0), level=0.99)
    for name, interval in narrow.metrics.items():
        assert wide.metrics[name].low < interval.low < interval.high < wide.metrics[name].high


def test_perfect_predictions_have_intervals_of_one() -> None:
    labels = np.array([0, 1, 2, 0])
    found = score(labels, np.eye(3)[labels], rng=np.random.default_rng(0))
    assert all((i.value, i.low, i.high) == (1, 1, 1) for i in found.metrics.values())


def test_per_class_scores_are_for_more_than_two_classes(rng: np.random.Generator) -> None:
    assert score(*_predictions(rng, 30, 2), rng=rng).per_class == {}
    found = score(*_predictions(rng, 30, 3), rng=rng)
    assert set(found.per_class) == {"auc", "sensitivity", "specificity", "f1"}
    for name, intervals in found.per_class.items():
        values = [interval.value for interval in intervals]
        assert len(values) == 3
        assert np.mean(values) == pytest.approx(found.metrics[name].value)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_json_and_back(rng: np.random.Generator, n_classes: int) -> None:
    found = score(*_predictions(rng, 40, n_classes), rng=rng, n_bootstrap=100, level=0.9)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Scores.from_json(json.loads(text)) == found
    assert set(json.loads(text)["auc"]) == {"value", "low", "high"}


@pytest.mark.parametrize(
    "broken", [{"auc": None}, {"per_class": 3}, {"per_class": {"f1": [1]}}, {"n": "many"}]
)
def test_broken_json_is_refused(rng: np.random.Generator, broken: dict) -> None:
    values = score(*_predictions(rng, 20, 2), rng=rng, n_bootstrap=10).to_json()
    with pytest.raises(DataError, match="to_json"):
        Scores.from_json(values | broken)
    with pytest.raises(DataError, match="lack the key 'f1'"):
        Scores.from_json({name: value for name, value in values.items() if name != "f1"})


@pytest.mark.parametrize("settings", [{"n_bootstrap": 0}, {"level": 1.0}, {"level": float("nan")}])
def test_bad_settings_are_refused(rng: np.random.Generator, settings: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        score(*_predictions(rng, 20, 2), rng=rng, **settings)
