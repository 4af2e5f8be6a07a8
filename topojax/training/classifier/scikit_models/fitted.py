"""A classifier of scikit-learn on descriptors: given, or chosen inside the training split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from topojax.config import ClassifierConfig
from topojax.kernels.threads import check_threads
from topojax.training.classifier.choice import Choice
from topojax.training.classifier.scikit_models.estimators import (
    estimator_probabilities,
    fit_estimator,
    given_settings,
)
from topojax.training.classifier.scikit_models.persistence import (
    check_estimator,
    library_version,
    read_estimator,
    written_estimator,
)
from topojax.training.classifier.scikit_models.selection import choose


@dataclass(frozen=True)
class FittedScikit:
    """A fitted estimator of scikit-learn.

    Attributes:
        choice: which, and how it came to be chosen.
        estimator: with `predict_proba`.
        n_features, n_classes: lengths of a row and of its probabilities.
    """

    choice: Choice
    estimator: Any
    n_features: int
    n_classes: int

    def probabilities(self, descriptors: np.ndarray) -> np.ndarray:
        """Return class probabilities, float32 (n, n_classes), of rows (n, n_features)."""
        return estimator_probabilities(self.estimator, descriptors)

    def arrays(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as arrays: the bytes of skops, uint8."""
        return {"skops": written_estimator(self.estimator)}

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as JSON."""
        return {"scikit-learn": library_version(), **self.choice.to_json()}

    @classmethod
    def abstract_arrays(
        cls, stored: dict[str, Any], n_features: int, n_classes: int, config: ClassifierConfig
    ) -> dict[str, Any]:
        """Return the shapes of `arrays`."""
        return {"skops": jax.ShapeDtypeStruct((int(stored["n_bytes"]),), np.uint8)}

    @classmethod
    def restore(
        cls,
        arrays: dict[str, Any],
        stored: dict[str, Any],
        n_features: int,
        n_classes: int,
        config: ClassifierConfig,
    ) -> FittedScikit:
        """Return what `arrays` was called of.

        Raises:
            WeightsError: the bytes are damaged, hold a type that is not trusted, or are of another
                version of scikit-learn that cannot be read.
        """
        choice = Choice.from_json({name: stored[name] for name in ("model", "settings", "trials")})
        estimator = read_estimator(np.asarray(arrays["skops"]), str(stored["scikit-learn"]))
        check_estimator(estimator, choice.model, n_features, n_classes)
        return cls(choice, estimator, n_features, n_classes)


def fit_given(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedScikit:
    """Train the model that the configuration names; see `topojax.training.fit_classifier`."""
    choice = Choice(config.model, given_settings(config.model, config))
    return _fit(choice, seed, descriptors, labels, n_classes)


def fit_chosen(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedScikit:
    """Choose a model and its settings, and train it; see `topojax.training.fit_classifier`."""
    choice = choose(seed, descriptors, labels, config)
    return _fit(choice, seed, descriptors, labels, n_classes)


def _fit(
    choice: Choice, seed: int, descriptors: np.ndarray, labels: np.ndarray, n_classes: int
) -> FittedScikit:
    estimator = fit_estimator(
        choice.model, choice.settings, seed, descriptors, labels, n_jobs=check_threads(None)
    )
    return FittedScikit(choice, estimator, descriptors.shape[1], n_classes)
