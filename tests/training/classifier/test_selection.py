"""`auto`: what suits the problem is chosen, and nothing but training rows is looked at."""

from __future__ import annotations

import inspect
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, cross_validate

from topojax.config import ClassifierConfig
from topojax.errors import DataError
from topojax.training import Choice, Trial, classifier_probabilities, fit_classifier
from topojax.training.classifier.scikit_models.estimators import _MAKE, fit_estimator
from topojax.training.classifier.scikit_models.selection import _best, choose

Problem = tuple[np.ndarray, np.ndarray]
SEED = 5


@pytest.fixture
def auto(small: ClassifierConfig) -> ClassifierConfig:
    return small.model_copy(update={"model": "auto"})


def test_many_weak_features_are_added_up(weak: Problem, auto: ClassifierConfig) -> None:
    choice = choose(SEED, *weak, auto)
    assert choice.model == "logistic"
    assert choice.cv_auc is not None
    assert choice.cv_auc > 0.85


def test_thresholds_on_both_sides_are_left_to_trees(
    thresholds: Problem, auto: ClassifierConfig
) -> None:
    choice = choose(SEED, *thresholds, auto)
    assert choice.model in ("extra-trees", "gradient-boosting")
    by_model = {trial.model: trial.auc for trial in choice.trials}
    assert by_model["logistic"] < 0.65 < 0.9 < max(by_model.values())


@pytest.mark.usefixtures("one_thread")
def test_scores_are_those_of_the_library(weak: Problem, auto: ClassifierConfig) -> None:
    x, labels = weak[0][:, :60], weak[1]
    folds = StratifiedKFold(3, shuffle=True, random_state=SEED)
    choice = choose(SEED, x, labels, auto)
    assert len(choice.trials) == 8
    for trial in choice.trials:
        estimator = _MAKE[trial.model](trial.settings, SEED, 1)
        found = cross_validate(
            estimator, x.astype(float), labels, cv=folds, scoring=("roc_auc", "neg_log_loss")
        )
        # Ours are of float32 probabilities.
        assert trial.auc == pytest.approx(found["test_roc_auc"].mean(), abs=2e-6), trial
        assert trial.log_loss == pytest.approx(-found["test_neg_log_loss"].mean(), abs=2e-6), trial


def test_the_chosen_is_trained_on_all_rows(thresholds: Problem, auto: ClassifierConfig) -> None:
    x, labels = thresholds
    classifier = fit_classifier(SEED, x, labels, 2, auto)
    choice = classifier.choice
    alone = fit_estimator(choice.model, choice.settings, SEED, x, labels, n_jobs=1)
    np.testing.assert_array_equal(
        classifier_probabilities(classifier, x), alone.predict_proba(x).astype(np.float32)
    )
    assert fit_classifier(SEED, x, labels, 2, auto).choice == choice


def test_no_row_is_scored_by_a_model_that_has_seen_it(
    weak: Problem, auto: ClassifierConfig
) -> None:
    x, labels = weak
    # Rows are known by their first feature.
    x = np.concatenate([np.arange(len(x), dtype=np.float32)[:, None], x[:, :5]], axis=1)
    seen, module = {}, "topojax.training.classifier.scikit_models.selection"

    def fit(
        model: str, settings: dict, seed: int, rows: np.ndarray, *args: object, **_: int
    ) -> int:
        seen[key := len(seen)] = set(rows[:, 0])
        return key

    def predict(key: int, rows: np.ndarray) -> np.ndarray:
        scored = set(rows[:, 0])
        assert not scored & seen[key]
        assert scored | seen[key] == set(range(len(x)))
        return np.full((len(rows), 2), 0.5, np.float32)

    with (
        patch(f"{module}.fit_estimator", fit),
        patch(f"{module}.estimator_probabilities", predict),
        patch(f"{module}.check_threads", lambda _: 1),
    ):
        choose(SEED, x, labels, auto)
    assert len(seen) == 8 * 3


def test_nothing_but_the_training_split_is_an_argument() -> None:
    taken = ["seed", "descriptors", "labels", "n_classes", "config"]
    assert list(inspect.signature(fit_classifier).parameters) == taken
    assert list(inspect.signature(choose).parameters) == [*taken[:3], "config"]


def test_log_loss_breaks_ties_and_then_the_simplest_comes_first() -> None:
    first, tied, sharper = (
        Trial("logistic", {"C": c}, auc, loss)
        for c, auc, loss in ((0.1, 0.9, 0.5), (1.0, 0.9, 0.5), (2.0, 0.9, 0.4))
    )
    worse = Trial("extra-trees", {}, 0.8, 0.1)
    assert _best([worse, first, tied]).settings == {"C": 0.1}
    assert _best([worse, first, sharper]).settings == {"C": 2.0}
    assert _best([worse, first]).cv_auc == 0.9


def test_a_choice_survives_json() -> None:
    choice = Choice("logistic", {"C": 0.1}, (Trial("logistic", {"C": 0.1}, 0.9, 0.5),))
    assert Choice.from_json(choice.to_json()) == choice


def test_too_few_of_a_class_for_the_folds_are_refused(
    weak: Problem, auto: ClassifierConfig
) -> None:
    x, labels = weak
    few = np.where(np.arange(len(labels)) < 2, 1, 0)
    with pytest.raises(DataError, match=r"class 1 has 2 .*selection_folds=3; .*at most 2"):
        choose(SEED, x, few, auto)
