"""Scores against scikit-learn and MedMNIST's definitions, weights against copies of the images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from topojax.errors import DataError
from topojax.evaluation import auc_score, confusion_matrix, decide
from topojax.evaluation.scores import metric_values, weighted_auc


@st.composite
def scored_images(draw: st.DrawFn, classes: tuple[int, ...] = (2, 3, 5)) -> tuple:
    """Labels with every class present and probabilities with many ties."""
    n_classes = draw(st.sampled_from(classes))
    n = draw(st.integers(n_classes, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.permutation(np.r_[np.arange(n_classes), rng.integers(n_classes, size=n)])
    levels = draw(st.sampled_from([1, 2, 4, 1000]))
    counts = rng.multinomial(levels, rng.dirichlet(np.ones(n_classes)), size=len(labels))
    return labels, counts / levels


def _overall(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    found = metric_values(labels, probabilities, np.ones((1, len(labels))))
    return {name: float(values[0]) for name, values in found.overall.items()}


@settings(deadline=None, max_examples=80)
@given(scored_images(classes=(2,)))
def test_two_classes_agree_with_scikit_learn(data: tuple) -> None:
    labels, probabilities = data
    decided = probabilities[:, 1] > 0.5
    expected = {
        "auc": sk.roc_auc_score(labels, probabilities[:, 1]),
        "accuracy": sk.accuracy_score(labels, decided),
        "sensitivity": sk.recall_score(labels, decided, zero_division=0),
        "specificity": sk.recall_score(labels, decided, pos_label=0, zero_division=0),
        "f1": sk.f1_score(labels, decided, zero_division=0),
    }
    assert _overall(labels, probabilities) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=80)
@given(scored_images(classes=(3, 5)))
def test_more_classes_agree_with_scikit_learn(data: tuple) -> None:
    labels, probabilities = data
    n_classes = probabilities.shape[1]
    decided = probabilities.argmax(axis=1)
    aucs = [sk.roc_auc_score(labels == c, probabilities[:, c]) for c in range(n_classes)]
    recalls = [sk.recall_score(labels != c, decided != c) for c in range(n_classes)]
    expected = {
        "auc": np.mean(aucs),
        "accuracy": sk.accuracy_score(labels, decided),
        "sensitivity": sk.recall_score(labels, decided, average="macro", zero_division=0),
        "specificity": np.mean(recalls),
        "f1": sk.f1_score(labels, decided, average="macro", zero_division=0),
    }
    assert _overall(labels, probabilities) == pytest.approx(expected, abs=1e-12)
    found = metric_values(labels, probabilities, np.ones((1, len(labels)))).per_class
    np.testing.assert_allclose(found["auc"][0], aucs, atol=1e-12)
    np.testing.assert_allclose(found["specificity"][0], recalls, atol=1e-12)
    np.testing.assert_allclose(
        found["f1"][0], sk.f1_score(labels, decided, average=None, zero_division=0), atol=1e-12
    )


@settings(deadline=None, max_examples=60)
@given(scored_images(), st.integers(0, 2**32 - 1))
def test_weights_are_copies_of_images(data: tuple, seed: int) -> None:
    labels, probabilities = data
    weights = np.random.default_rng(seed).integers(0, 4, size=(5, len(labels)))
    # One image of each class must stay, else its scores are undefined.
    weights[:, [int(np.flatnonzero(labels == c)[0]) for c in np.unique(labels)]] += 1
    found = metric_values(labels, probabilities, weights.astype(float))
    for row, multiplicity in enumerate(weights):
        copies = np.repeat(np.arange(len(labels)), multiplicity)
        expected = _overall(labels[copies], probabilities[copies])
        for name, value in expected.items():
            assert found.overall[name][row] == pytest.approx(value, abs=1e-12)


def test_weighted_auc_is_the_share_of_pairs_won() -> None:
    positive = np.array([True, True, False, False, False])
    scores = np.array([0.7, 0.4, 0.4, 0.1, 0.9])
    weights = np.array([[1.0, 1, 1, 1, 1], [2.0, 1, 0, 0, 3]])
    # Pairs won: 0.7 beats two of three; 0.4 beats one and ties one. Then every pair is lost.
    np.testing.assert_allclose(weighted_auc(positive, scores, weights), [3.5 / 6, 0.0])


def test_auc_is_that_of_column_1_or_the_mean_over_classes(rng: np.random.Generator) -> None:
    labels = np.r_[0, 1, 2, rng.integers(3, size=50)]
    probabilities = rng.dirichlet(np.ones(3), len(labels)).astype(np.float32)
    macro = sk.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert auc_score(labels, probabilities) == pytest.approx(macro, abs=1e-6)
    binary = np.minimum(labels, 1)
    two = np.stack([1 - probabilities[:, 1], probabilities[:, 1]], axis=1)
    assert auc_score(binary, two) == pytest.approx(sk.roc_auc_score(binary, two[:, 1]))


def test_a_probability_of_one_half_is_class_0() -> None:
    assert decide(np.array([[0.5, 0.5], [0.49, 0.51]])).tolist() == [0, 1]


def test_a_class_never_decided_has_sensitivity_and_f1_zero() -> None:
    labels = np.array([0, 0, 1, 1])
    found = _overall(labels, np.tile([0.9, 0.1], (4, 1)))
    assert found == {"auc": 0.5, "accuracy": 0.5, "sensitivity": 0, "specificity": 1, "f1": 0}


def test_confusion_has_true_classes_as_rows() -> None:
    labels = np.array([0, 0, 1, 2])
    probabilities = np.eye(3)[[0, 2, 1, 2]]
    assert confusion_matrix(labels, probabilities).tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


GOOD = np.array([[0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], GOOD, r"shape \(3, 2\)"),
        ([[0], [1], [1]], GOOD, r"shape \(3, 1\)"),
        ([0.0, 1.0, 1.0], GOOD, "expected integers"),
        ([], np.empty((0, 2)), "labels are"),
        ([0, 1, 2], GOOD, "labels run from 0 to 2"),
        ([0, -1, 1], GOOD, "labels run from -1"),
        ([1, 1, 1], GOOD, "no image of class 0"),
        ([0, 1, 1], GOOD[:, :1], "K at least 2"),
        ([0, 1, 1], GOOD * [1, np.nan], "expected finite"),
        ([0, 1, 1], GOOD * 1.01, "softmax"),
        ([0, 1, 1], GOOD + np.array([1, -1]), "softmax"),
        ([0, 1, 1], GOOD.astype(complex), "real numbers"),
    ],
)
def test_bad_input_is_refused(labels: list, probabilities: np.ndarray, message: str) -> None:
    dtype = float if labels and isinstance(labels[0], float) else int
    with pytest.raises(DataError, match=message) as caught:
        auc_score(np.array(labels, dtype), probabilities)
    assert "\n" not in str(caught.value)


def test_rounded_probabilities_are_accepted() -> None:
    assert auc_score(np.array([1, 0, 0]), GOOD.astype(np.float32) + np.float32(4e-4)) == 1.0
