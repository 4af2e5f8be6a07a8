"""The classifier on descriptors: the paper's MLP (section 4.1), one of scikit-learn's, a stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from topojax.config import ClassifierConfig
from topojax.errors import DataError
from topojax.training.classifier.choice import Choice
from topojax.training.classifier.mlp import FittedMLP, fit_mlp
from topojax.training.classifier.scikit_models.estimators import SCIKIT_MODELS
from topojax.training.classifier.scikit_models.fitted import FittedScikit, fit_chosen, fit_given
from topojax.training.classifier.stack import FittedStack, fit_stack


class FittedClassifier(Protocol):
    """A trained classifier: `FittedMLP`, `FittedScikit` or `FittedStack`."""

    @property
    def choice(self) -> Choice:
        """The model with its settings, and what else was tried."""

    @property
    def n_features(self) -> int:
        """Length of a row that it takes."""

    @property
    def n_classes(self) -> int:
        """Length of a row of probabilities."""

    def probabilities(self, descriptors: np.ndarray) -> np.ndarray:
        """Return class probabilities, float32 (n, n_classes), of rows (n, n_features)."""

    def arrays(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as arrays."""

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as JSON."""


_Fit = Callable[[int, np.ndarray, np.ndarray, int, ClassifierConfig], FittedClassifier]

_FIT: dict[str, _Fit] = {
    "mlp": fit_mlp,
    **dict.fromkeys(SCIKIT_MODELS, fit_given),
    "auto": fit_chosen,
}
_STORED: dict[str, type[FittedMLP] | type[FittedScikit] | type[FittedStack]] = {
    "mlp": FittedMLP,
    "stack": FittedStack,
    **dict.fromkeys(SCIKIT_MODELS, FittedScikit),
}
_SAID = {
    "mlp": "{epochs} epochs",
    "logistic": "logistic regression, C={logistic_c:g},",
    "gradient-boosting": "{boosting_rounds} rounds of boosting",
    "extra-trees": "{n_trees} trees",
    "auto": "a model chosen on {selection_folds} folds of the training split",
}


def fit_classifier(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedClassifier:
    """Train the final classifier on the training split.

    Args:
        seed: of initial parameters, shuffles, trees and folds; below 2^32.
        descriptors: raw, float (n, n_features).
        labels: int (n,) in 0 … n_classes - 1, every class present.
        n_classes: of the labels.
        config: the model, and settings of each.

    Raises:
        DataError: NaN or infinite features, a class without a sample, or, for `auto`, with fewer
            than there are folds.
    """
    _check_rows(descriptors, labels, n_classes)
    return _FIT[config.model](seed, descriptors, labels, n_classes, config)


def fit_stacked_classifier(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedClassifier:
    """Train a stack on descriptors, float (n, n_features), whose last columns are logits.

    See `topojax.training.classifier.stack.fit_stack`.

    Raises:
        DataError: as `fit_classifier`; a class has fewer samples than there are folds.
    """
    _check_rows(descriptors, labels, n_classes)
    return fit_stack(seed, descriptors, labels, n_classes, config)


def classifier_probabilities(classifier: FittedClassifier, descriptors: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (n, n_classes), of raw descriptors (n, n_features).

    Raises:
        DataError: NaN or infinite features.
    """
    _check_finite(descriptors)
    return classifier.probabilities(descriptors)


def said_training(config: ClassifierConfig) -> str:
    """Return what training a classifier is, for people."""
    return _SAID[config.model].format(**config.model_dump())


def abstract_classifier(
    stored: dict[str, Any], n_features: int, n_classes: int, config: ClassifierConfig
) -> dict[str, Any]:
    """Return the shapes of a stored classifier's arrays.

    Args:
        stored: its `to_json`, and the `n_bytes` of its arrays.
        n_features: length of a row.
        n_classes: of the labels.
        config: that it was fitted by.
    """
    return _STORED[stored["model"]].abstract_arrays(stored, n_features, n_classes, config)


def restore_classifier(
    arrays: dict[str, Any],
    stored: dict[str, Any],
    n_features: int,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedClassifier:
    """Return a classifier from its `arrays` and the rest, as `abstract_classifier` takes it.

    Raises:
        WeightsError: damaged, of an untrusted type, or of a library's version that cannot be read.
    """
    return _STORED[stored["model"]].restore(arrays, stored, n_features, n_classes, config)


def _check_rows(descriptors: np.ndarray, labels: np.ndarray, n_classes: int) -> None:
    _check_finite(descriptors)
    counts = np.bincount(labels, minlength=n_classes)
    if not counts.all():
        raise DataError(
            f"class {counts.argmin()} of {n_classes} has no training sample; a classifier needs "
            "some of every class"
        )


def _check_finite(descriptors: np.ndarray) -> None:
    finite = np.isfinite(descriptors)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"feature {column} of row {row} is {descriptors[row, column]}; expected finite numbers"
        )
