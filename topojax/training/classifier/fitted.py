"""The classifier on descriptors (paper, section 4.1): one of `train_mlps`, kept with its inputs."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from topojax.config import ClassifierConfig
from topojax.training.classifier.mlps import MLPSettings, Params, predict_mlps, train_mlps
from topojax.training.classifier.standardisation import Standardisation


@dataclass(frozen=True)
class FittedClassifier:
    """A trained MLP (paper, section 4.1) with the standardisation of its inputs."""

    standardisation: Standardisation
    params: Params
    hidden: tuple[int, ...]
    n_classes: int


def fit_classifier(
    key: Array,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedClassifier:
    """Train the final classifier on the training split's descriptors, float (n, n_features)."""
    if config.standardise:
        standardisation = Standardisation.fit(descriptors)
    else:
        standardisation = Standardisation.identity(descriptors.shape[1])
    n = len(labels)
    params = train_mlps(
        key,
        jnp.asarray(descriptors, jnp.float32)[None],
        jnp.asarray(labels),
        jnp.arange(n)[None],
        jnp.ones((1, 1, n), jnp.float32),
        Standardisation.stack([standardisation], (1, 1)),
        settings=MLPSettings(
            n_classes, config.hidden, config.epochs, config.batch_size, config.learning_rate
        ),
    )
    single = jax.tree.map(lambda leaf: leaf[0, 0], params)
    return FittedClassifier(standardisation, single, config.hidden, n_classes)


def classifier_probabilities(classifier: FittedClassifier, descriptors: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (n, n_classes), of raw descriptors (n, n_features)."""
    probabilities = predict_mlps(
        jax.tree.map(lambda leaf: leaf[None, None], classifier.params),
        jnp.asarray(descriptors, jnp.float32)[None],
        jnp.arange(len(descriptors))[None],
        Standardisation.stack([classifier.standardisation], (1, 1)),
        hidden=classifier.hidden,
        n_classes=classifier.n_classes,
    )
    return np.asarray(probabilities[0, 0])
