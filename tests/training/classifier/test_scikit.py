"""scikit-learn's classifiers: they learn wide descriptors, and are the library's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from topojax.config import ClassifierConfig
from topojax.errors import DataError
from topojax.evaluation import auc_score
from topojax.training import FittedClassifier, classifier_probabilities, fit_classifier

MODELS = ("logistic", "extra-trees", "gradient-boosting")
SEED = 3

BY_HAND: dict[str, Callable[[], Any]] = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000)),
    "extra-trees": lambda: ExtraTreesClassifier(40, random_state=SEED),
    "gradient-boosting": lambda: HistGradientBoostingClassifier(
        max_iter=8, max_depth=3, max_bins=64, early_stopping=False, random_state=SEED
    ),
}


@pytest.fixture
def fit(small: ClassifierConfig) -> Callable[..., FittedClassifier]:
    def run(
        model: str, x: np.ndarray, labels: np.ndarray, n_classes: int = 2, seed: int = SEED
    ) -> FittedClassifier:
        config = small.model_copy(update={"model": model, "logistic_c": 0.02})
        return fit_classifier(seed, x, labels, n_classes, config)

    return run


@pytest.mark.parametrize("model", MODELS)
def test_learns_thousands_of_features_of_a_hundred_images(
    model: str, wide: tuple[np.ndarray, np.ndarray], fit: Callable[..., FittedClassifier]
) -> None:
    x, labels = wide
    classifier = fit(model, x[:120], labels[:120])
    assert (classifier.n_features, classifier.n_classes) == (2000, 2)
    probabilities = classifier_probabilities(classifier, x[120:])
    assert (probabilities.shape, probabilities.dtype) == ((120, 2), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    # Chance has a standard deviation of 0.053 here.
    assert auc_score(labels[120:], probabilities) > 0.75


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_is_what_the_library_gives_by_hand(
    model: str,
    n_classes: int,
    rng: np.random.Generator,
    fit: Callable[..., FittedClassifier],
) -> None:
    labels = rng.permutation(np.arange(150) % n_classes)
    x = (rng.standard_normal((150, 30)) + labels[:, None] * rng.random(30)).astype(np.float32)
    classifier = fit(model, x[:100], labels[:100], n_classes)
    library = BY_HAND[model]().fit(x[:100].astype(np.float64), labels[:100])
    expected = library.predict_proba(x[100:].astype(np.float64)).astype(np.float32)
    found = classifier_probabilities(classifier, x[100:])
    np.testing.assert_array_equal(found, expected)
    assert auc_score(labels[100:], found) > 0.7


@pytest.mark.parametrize("model", MODELS)
def test_the_same_seed_gives_the_same(
    model: str, weak: tuple[np.ndarray, np.ndarray], fit: Callable[..., FittedClassifier]
) -> None:
    new = weak[0][::-1] + 0.5
    first, again, other = (fit(model, *weak, seed=s).probabilities(new) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    # Boosting draws nothing: it sees all rows and features, and bins by all of so few rows.
    assert np.array_equal(first, other) == (model != "extra-trees")


def test_the_choice_says_what_was_given(
    weak: tuple[np.ndarray, np.ndarray], fit: Callable[..., FittedClassifier]
) -> None:
    choice = fit("logistic", *weak).choice
    assert (choice.model, choice.settings) == ("logistic", {"C": 0.02})
    assert (choice.trials, choice.cv_auc) == ((), None)
    assert fit("extra-trees", *weak).choice.settings == {"n_estimators": 40}
    of_an_mlp = fit("mlp", weak[0][:, :3], weak[1]).choice
    assert of_an_mlp.model == "mlp"
    assert of_an_mlp.settings["hidden"] == (128, 64)


@pytest.mark.parametrize("model", ["mlp", *MODELS, "auto"])
def test_what_is_not_finite_is_refused(
    model: str, thresholds: tuple[np.ndarray, np.ndarray], fit: Callable[..., FittedClassifier]
) -> None:
    x, labels = thresholds
    for value in (np.nan, np.inf):
        spoilt = x.copy()
        spoilt[5, 2] = value
        with pytest.raises(DataError, match=f"feature 2 of row 5 is {value}; expected finite"):
            fit(model, spoilt, labels)
    classifier = fit("logistic", x, labels)
    with pytest.raises(DataError, match="feature 2 of row 5"):
        classifier_probabilities(classifier, spoilt)


@pytest.mark.parametrize("model", ["mlp", *MODELS, "auto"])
def test_a_class_without_a_sample_is_refused(
    model: str, thresholds: tuple[np.ndarray, np.ndarray], fit: Callable[..., FittedClassifier]
) -> None:
    x, labels = thresholds
    with pytest.raises(DataError, match="class 2 of 3 has no training sample"):
        fit(model, x, labels, n_classes=3)
