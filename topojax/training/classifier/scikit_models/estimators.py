"""scikit-learn's classifiers for wide descriptors: thousands of features, hundreds of images.

Each is made of its settings by name, which are the library's own. None weighs classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from topojax.config import ClassifierConfig
from topojax.training.classifier.choice import Setting

# L-BFGS needs tens to hundreds of iterations on standardised features.
_MOST_ITERATIONS = 10_000

Settings = Mapping[str, Setting]


def _logistic(settings: Settings, seed: int, n_jobs: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(max_iter=_MOST_ITERATIONS, **settings)
    return make_pipeline(StandardScaler(), model)


def _gradient_boosting(settings: Settings, seed: int, n_jobs: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **settings)


def _extra_trees(settings: Settings, seed: int, n_jobs: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_jobs=n_jobs, random_state=seed, **settings)


# Importing all of them costs most of a second, and a run needs one of them at most.
_MAKE: dict[str, Callable[[Settings, int, int], Any]] = {
    "logistic": _logistic,
    "gradient-boosting": _gradient_boosting,
    "extra-trees": _extra_trees,
}

SCIKIT_MODELS = tuple(_MAKE)
"""Values of `classifier.model` that are scikit-learn's."""


def given_settings(model: str, config: ClassifierConfig) -> dict[str, Setting]:
    """Return the settings that a configuration gives one of `SCIKIT_MODELS`."""
    given: dict[str, dict[str, Setting]] = {
        "logistic": {"C": config.logistic_c},
        # Shallow trees and few bins: what hundreds of images can fill, at a third of the time.
        "gradient-boosting": {"max_iter": config.boosting_rounds, "max_depth": 3, "max_bins": 64},
        "extra-trees": {"n_estimators": config.n_trees},
    }
    return given[model]


def fit_estimator(
    model: str,
    settings: Settings,
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    *,
    n_jobs: int,
) -> Any:
    """Return the fitted estimator; the same for any number of jobs.

    Args:
        model: one of `SCIKIT_MODELS`.
        settings: the library's, by name.
        seed: of the trees' random draws.
        descriptors: finite numbers (n, n_features).
        labels: int (n,).
        n_jobs: threads of the trees.
    """
    estimator = _MAKE[model](settings, seed, n_jobs)
    # Boosting's OpenMP threads, thousands of short loops a round, wait for each other longer than
    # they work: 20 times as long where another process has a processor.
    with ThreadpoolController().limit(limits=1, user_api="openmp"):
        estimator.fit(descriptors.astype(np.float64), labels)
    if model == "extra-trees":
        # Several threads add up the trees' votes in the order in which they finish.
        estimator.set_params(n_jobs=1)
    return estimator


def estimator_probabilities(estimator: Any, descriptors: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (n, n_classes)."""
    with ThreadpoolController().limit(limits=1, user_api="openmp"):
        return estimator.predict_proba(descriptors.astype(np.float64)).astype(np.float32)
