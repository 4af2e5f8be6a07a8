"""A stack of two classifiers (Wolpert 1992): of descriptors, and the network's own logits.

A linear model on thousands of descriptor columns and two logits would drown the logits. So the
descriptors are turned into logits of their own first, of rows that their classifier was not trained
on, and a second model weighs both kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from topojax.config import ClassifierConfig
from topojax.kernels.threads import check_threads, map_in_threads
from topojax.training.classifier.choice import Choice
from topojax.training.classifier.scikit_models.estimators import (
    estimator_probabilities,
    fit_estimator,
)
from topojax.training.classifier.scikit_models.fitted import FittedScikit, fit_chosen, fit_given

_COMBINER = Choice("logistic", {"C": 1.0})
_LEAST_PROBABILITY = 1e-3
"""Trees that all agree give 0, whose logarithm would outweigh every network; so few rows say no
more."""


@dataclass(frozen=True)
class FittedStack:
    """A classifier of descriptors, and one of its logits and the network's.

    Attributes:
        base: of the descriptors alone.
        combiner: of the base's log probabilities, none below that of 1e-3, and the network's
            logits, each less their mean over classes, (n, 2 n_classes).
    """

    base: FittedScikit
    combiner: FittedScikit

    @property
    def choice(self) -> Choice:
        """The base's model with its settings."""
        return self.base.choice

    @property
    def n_features(self) -> int:
        """Length of a row: the descriptor, then the network's logits."""
        return self.base.n_features + self.n_classes

    @property
    def n_classes(self) -> int:
        """Length of a row of probabilities."""
        return self.base.n_classes

    def probabilities(self, descriptors: np.ndarray) -> np.ndarray:
        """Return class probabilities, float32 (n, n_classes), of rows (n, n_features)."""
        own, logits = np.split(descriptors, [self.base.n_features], axis=1)
        return self.combiner.probabilities(_columns(self.base.probabilities(own), logits))

    def arrays(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as arrays."""
        return {"base": self.base.arrays(), "combiner": self.combiner.arrays()}

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as JSON."""
        parts = {"base": self.base, "combiner": self.combiner}
        return {
            "model": "stack",
            **{
                name: {**part.to_json(), "n_bytes": part.arrays()["skops"].nbytes}
                for name, part in parts.items()
            },
        }

    @classmethod
    def abstract_arrays(
        cls, stored: dict[str, Any], n_features: int, n_classes: int, config: ClassifierConfig
    ) -> dict[str, Any]:
        """Return the shapes of `arrays`."""
        return {
            part: FittedScikit.abstract_arrays(stored[part], length, n_classes, config)
            for part, length in _lengths(n_features, n_classes).items()
        }

    @classmethod
    def restore(
        cls,
        arrays: dict[str, Any],
        stored: dict[str, Any],
        n_features: int,
        n_classes: int,
        config: ClassifierConfig,
    ) -> FittedStack:
        """Return what `arrays` was called of.

        Raises:
            WeightsError: as `FittedScikit.restore`.
        """
        base, combiner = (
            FittedScikit.restore(arrays[part], stored[part], length, n_classes, config)
            for part, length in _lengths(n_features, n_classes).items()
        )
        return cls(base, combiner)


def fit_stack(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedStack:
    """Train both classifiers on the training split.

    The base is the model of `config`, or, where that is an MLP, a logistic regression: it has to be
    regularised. The combiner is trained on what the base says of folds that it has not seen.

    Args:
        seed: of trees and folds; below 2^32.
        descriptors: finite, float (n, n_features + n_classes): the descriptors, then the logits of
            a network that has not seen the row.
        labels: int (n,) in 0 … n_classes - 1, `config.selection_folds` or more of every class.
        n_classes: of the labels.
        config: the model, and settings of each.
    """
    own, logits = np.split(descriptors, [descriptors.shape[1] - n_classes], axis=1)
    fit = fit_chosen if config.model == "auto" else fit_given
    named = config.model_copy(update={"model": "logistic"}) if config.model == "mlp" else config
    base = fit(seed, own, labels, n_classes, named)
    columns = _columns(_of_unseen_rows(base.choice, seed, own, labels, config), logits)
    estimator = fit_estimator(_COMBINER.model, _COMBINER.settings, seed, columns, labels, n_jobs=1)
    return FittedStack(base, FittedScikit(_COMBINER, estimator, columns.shape[1], n_classes))


def _of_unseen_rows(
    choice: Choice,
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    config: ClassifierConfig,
) -> np.ndarray:
    """Return each row's probabilities by the model that was trained without its fold."""
    splitter = StratifiedKFold(config.selection_folds, shuffle=True, random_state=seed)
    folds = tuple(splitter.split(descriptors, labels))

    def held_out(fold: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        fitted, scored = fold
        estimator = fit_estimator(
            choice.model, choice.settings, seed, descriptors[fitted], labels[fitted], n_jobs=1
        )
        return estimator_probabilities(estimator, descriptors[scored])

    found = map_in_threads(held_out, folds, check_threads(None))
    order = np.concatenate([scored for _, scored in folds])
    return np.concatenate(found)[np.argsort(order)]


def _columns(probabilities: np.ndarray, logits: np.ndarray) -> np.ndarray:
    logs = np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
    # What all classes have in common says nothing of them.
    return np.concatenate([x - x.mean(axis=1, keepdims=True) for x in (logs, logits)], axis=1)


def _lengths(n_features: int, n_classes: int) -> dict[str, int]:
    return {"base": n_features - n_classes, "combiner": 2 * n_classes}
