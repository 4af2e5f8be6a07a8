"""The paper's classifier (section 4.1): one of `train_mlps`, kept with its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from topojax.config import ClassifierConfig
from topojax.training.classifier.choice import Choice
from topojax.training.classifier.mlps import (
    MLPSettings,
    Params,
    mlp_template,
    predict_mlps,
    train_mlps,
)
from topojax.training.classifier.standardisation import Standardisation


@dataclass(frozen=True)
class FittedMLP:
    """A trained MLP (paper, section 4.1) with the standardisation of its inputs."""

    standardisation: Standardisation
    params: Params
    n_classes: int
    config: ClassifierConfig

    @property
    def n_features(self) -> int:
        """Length of a row that it takes."""
        return len(self.standardisation.mean)

    @property
    def choice(self) -> Choice:
        """The settings that it was trained with."""
        names = ("hidden", "epochs", "batch_size", "learning_rate", "standardise")
        return Choice("mlp", {name: getattr(self.config, name) for name in names})

    def probabilities(self, descriptors: np.ndarray) -> np.ndarray:
        """Return class probabilities, float32 (n, n_classes), of rows (n, n_features)."""
        probabilities = predict_mlps(
            jax.tree.map(lambda leaf: leaf[None, None], self.params),
            jnp.asarray(descriptors, jnp.float32)[None],
            jnp.arange(len(descriptors))[None],
            Standardisation.stack([self.standardisation], (1, 1)),
            hidden=self.config.hidden,
            n_classes=self.n_classes,
        )
        return np.asarray(probabilities[0, 0])

    def arrays(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as arrays."""
        standardisation = self.standardisation
        return {
            "params": self.params,
            "mean": standardisation.mean,
            "scale": standardisation.scale,
        }

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint holds of it as JSON; the configuration has the rest."""
        return {"model": "mlp"}

    @classmethod
    def abstract_arrays(
        cls, stored: dict[str, Any], n_features: int, n_classes: int, config: ClassifierConfig
    ) -> dict[str, Any]:
        """Return the shapes of `arrays`."""
        _, params = mlp_template(n_features, config.hidden, n_classes)
        vector = jax.ShapeDtypeStruct((n_features,), np.float32)
        return {"params": params, "mean": vector, "scale": vector}

    @classmethod
    def restore(
        cls,
        arrays: dict[str, Any],
        stored: dict[str, Any],
        n_features: int,
        n_classes: int,
        config: ClassifierConfig,
    ) -> FittedMLP:
        """Return what `arrays` was called of."""
        standardisation = Standardisation(np.asarray(arrays["mean"]), np.asarray(arrays["scale"]))
        return cls(standardisation, arrays["params"], n_classes, config)


def fit_mlp(
    seed: int,
    descriptors: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    config: ClassifierConfig,
) -> FittedMLP:
    """Train the MLP; see `topojax.training.fit_classifier`."""
    if config.standardise:
        standardisation = Standardisation.fit(descriptors)
    else:
        standardisation = Standardisation.identity(descriptors.shape[1])
    n = len(labels)
    params = train_mlps(
        jax.random.key(seed),
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
    return FittedMLP(standardisation, single, n_classes, config)
