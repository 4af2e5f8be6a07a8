"""Stacks: logits and topology together, each weighed by what it says of unseen rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.model_selection import StratifiedKFold

from topojax.config import ClassifierConfig, make_config
from topojax.errors import ConfigError, DataError
from topojax.evaluation import auc_score
from topojax.training import (
    abstract_classifier,
    classifier_probabilities,
    fit_stacked_classifier,
    restore_classifier,
)
from topojax.training.classifier.scikit_models.estimators import (
    estimator_probabilities,
    fit_estimator,
)

CONFIG = ClassifierConfig(model="logistic", selection_folds=3)


def _rows(rng: np.random.Generator, n: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Return 60 weak columns and two logits, each with half of what there is to know."""
    labels = np.arange(n) % 2
    sign = 2 * labels[:, None] - 1
    weak = rng.standard_normal((n, 60)) + 0.12 * sign
    logits = np.repeat(rng.standard_normal((n, 1)) + 0.8 * sign, 2, axis=1) * [-1, 1]
    return np.concatenate([weak, logits], axis=1).astype(np.float32), labels


def test_a_stack_knows_more_than_its_parts(rng: np.random.Generator) -> None:
    rows, labels = _rows(rng)
    new, truth = _rows(rng, 2000)
    stack = fit_stacked_classifier(0, rows, labels, 2, CONFIG)
    found = classifier_probabilities(stack, new)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    parts = stack.base.probabilities(new[:, :60]), softmax(new[:, 60:], axis=1)
    scores = [auc_score(truth, part) for part in (found, *parts)]
    assert scores[0] > max(scores[1:]) + 0.02


def test_the_combiner_is_scikit_learns_on_rows_unseen_by_the_base(rng: np.random.Generator) -> None:
    rows, labels = _rows(rng)
    own = np.empty((len(rows), 2))
    for fitted, scored in StratifiedKFold(3, shuffle=True, random_state=5).split(rows, labels):
        base = fit_estimator(
            "logistic", {"C": 0.01}, 5, rows[fitted, :60], labels[fitted], n_jobs=1
        )
        own[scored] = estimator_probabilities(base, rows[scored, :60])
    logs, logits = np.log(own), rows[:, 60:]
    columns = np.concatenate([x - x.mean(axis=1, keepdims=True) for x in (logs, logits)], axis=1)
    combiner = fit_estimator("logistic", {"C": 1.0}, 5, columns, labels, n_jobs=1)
    stack = fit_stacked_classifier(5, rows, labels, 2, CONFIG)
    np.testing.assert_allclose(
        stack.combiner.probabilities(columns), estimator_probabilities(combiner, columns), atol=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_which_all_trees_are_sure_are_not_weighed_beyond_measure(seed: int) -> None:
    rows, labels = _rows(np.random.default_rng(seed))
    config = ClassifierConfig(model="extra-trees", n_trees=100, selection_folds=3)
    stack = fit_stacked_classifier(0, rows, labels, 2, config)
    # Trees are sure of all rows that they have seen, and right.
    assert set(np.unique(stack.base.probabilities(rows[:, :60]))) == {0, 1}
    assert (classifier_probabilities(stack, rows).argmax(axis=1) == labels).mean() > 0.95


def test_what_all_classes_have_in_common_changes_nothing(rng: np.random.Generator) -> None:
    rows, labels = _rows(rng)
    shifted = rows + np.r_[np.zeros(60), 5, 5].astype(np.float32) * rng.standard_normal((240, 1))
    found = [fit_stacked_classifier(0, x, labels, 2, CONFIG) for x in (rows, shifted)]
    one, other = (stack.probabilities(rows) for stack in found)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_an_mlp_gives_way_to_a_regularised_model(rng: np.random.Generator) -> None:
    rows, labels = _rows(rng)
    assert fit_stacked_classifier(0, rows, labels, 2, ClassifierConfig()).choice.model == "logistic"


@pytest.mark.parametrize("model", ["logistic", "extra-trees"])
def test_a_stack_comes_back(rng: np.random.Generator, model: str) -> None:
    rows, labels = _rows(rng)
    config = ClassifierConfig(model=model, n_trees=5)
    stack = fit_stacked_classifier(0, rows, labels, 2, config)
    stored = json.loads(json.dumps({**stack.to_json(), "n_bytes": 0}))
    expected = abstract_classifier(stored, stack.n_features, 2, config)
    for part, arrays in stack.arrays().items():
        assert expected[part]["skops"].shape == arrays["skops"].shape
    again = restore_classifier(stack.arrays(), stored, stack.n_features, 2, config)
    np.testing.assert_array_equal(again.probabilities(rows), stack.probabilities(rows))


def test_what_cannot_be_stacked_is_refused(rng: np.random.Generator) -> None:
    rows, labels = _rows(rng)
    with pytest.raises(DataError, match="finite"):
        fit_stacked_classifier(0, np.where(rows > 2, np.nan, rows), labels, 2, CONFIG)
    with pytest.raises(ConfigError, match=r"set cam\.folds to 2"):
        make_config(overrides={"classifier.features": "topology+logits"})
