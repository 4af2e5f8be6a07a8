"""The classifier on descriptors: many small MLPs trained together under one `vmap`.

The same jitted loop trains the final classifier and all the candidates of the search, so that a
candidate is judged by what would be trained on it (paper, section 3: the objective over ψ, τ, w).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int

from topojax.config import ClassifierConfig
from topojax.models import MLP

Params = Any


@dataclass(frozen=True)
class Standardisation:
    """Affine map of descriptors by statistics of the training split."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, descriptors: np.ndarray) -> Standardisation:
        """Return the map to zero mean and unit variance; constant columns only lose their mean."""
        mean = descriptors.mean(axis=0, dtype=np.float64)
        scale = descriptors.std(axis=0, dtype=np.float64)
        # A column that never varies comes out as rounding noise, not as exactly 0.
        constant = scale <= 1e-6 * np.abs(descriptors).max(axis=0)
        return cls(mean.astype(np.float32), np.where(constant, 1.0, scale).astype(np.float32))

    @classmethod
    def identity(cls, n_features: int) -> Standardisation:
        """Return the map that leaves descriptors raw (preset `paper`)."""
        return cls(np.zeros(n_features, np.float32), np.ones(n_features, np.float32))

    def __call__(self, descriptors: np.ndarray) -> np.ndarray:
        """Return the mapped descriptors, float32 (n, n_features)."""
        return ((descriptors - self.mean) / self.scale).astype(np.float32)


@dataclass(frozen=True)
class FittedClassifier:
    """A trained MLP (paper, section 4.1) with the standardisation of its inputs."""

    standardisation: Standardisation
    params: Params
    hidden: tuple[int, ...]
    n_classes: int


def mlp_template(n_features: int, hidden: tuple[int, ...], n_classes: int) -> tuple[Any, Params]:
    """Return (graph definition, abstract parameters) of the MLP, without allocating."""
    model = nnx.eval_shape(lambda: MLP(n_features, hidden, n_classes, rngs=nnx.Rngs(0)))
    return nnx.split(model)


@partial(jax.jit, static_argnames=("n_classes", "hidden", "epochs", "batch_size", "learning_rate"))
def train_mlps(
    key: Array,
    descriptors: Float[Array, "p n f"],
    labels: Int[Array, " n"],
    weights: Float[Array, "k n"],
    *,
    n_classes: int,
    hidden: tuple[int, ...],
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> Params:
    """Train one MLP for every candidate and every weighting of the samples.

    All of them start from the same parameters and see the same batches, so that candidates differ
    by their descriptors alone.

    Args:
        key: of the initial parameters and the shuffles.
        descriptors: one feature matrix a candidate.
        labels: in 0 … n_classes - 1.
        weights: sample weights of the cross-entropy; 0 leaves a sample out (a held-out fold).

    Returns:
        Parameters with leading axes (p, k).
    """
    init_key, shuffle_key = jax.random.split(key)
    model = MLP(descriptors.shape[-1], hidden, n_classes, rngs=nnx.Rngs(init_key))
    graph, params = nnx.split(model)
    optimiser = optax.adam(learning_rate)
    batches = _shuffled_batches(shuffle_key, len(labels), batch_size, epochs)

    def loss(params: Params, x: Array, y: Array, weight: Array) -> Array:
        losses = optax.softmax_cross_entropy_with_integer_labels(nnx.merge(graph, params)(x), y)
        return jnp.sum(losses * weight) / jnp.maximum(jnp.sum(weight), 1e-12)

    def train(features: Array, weight: Array) -> Params:
        def step(carry: tuple, index: Array) -> tuple[tuple, None]:
            params, state = carry
            grads = jax.grad(loss)(params, features[index], labels[index], weight[index])
            updates, state = optimiser.update(grads, state, params)
            return (optax.apply_updates(params, updates), state), None

        (trained, _), _ = jax.lax.scan(step, (params, optimiser.init(params)), batches)
        return trained

    over_weightings = jax.vmap(train, in_axes=(None, 0))
    return jax.vmap(over_weightings, in_axes=(0, None))(descriptors, weights)


def _shuffled_batches(key: Array, n: int, batch_size: int, epochs: int) -> Array:
    size = min(n, batch_size)
    n_batches = -(-n // size)

    def epoch(key: Array) -> Array:
        order = jax.random.permutation(key, n)
        return jnp.resize(order, (n_batches, size))

    return jax.vmap(epoch)(jax.random.split(key, epochs)).reshape(-1, size)


@partial(jax.jit, static_argnames=("hidden", "n_classes"))
def predict_mlps(
    params: Params,
    descriptors: Float[Array, "p n f"],
    *,
    hidden: tuple[int, ...],
    n_classes: int,
) -> Float[Array, "p k n c"]:
    """Return the class probabilities that the MLPs of `train_mlps` give, each for its candidate."""
    graph, _ = mlp_template(descriptors.shape[-1], hidden, n_classes)

    def probabilities(params: Params, features: Array) -> Array:
        return jax.nn.softmax(nnx.merge(graph, params)(features))

    over_weightings = jax.vmap(probabilities, in_axes=(0, None))
    return jax.vmap(over_weightings)(params, descriptors)


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
    params = train_mlps(
        key,
        jnp.asarray(standardisation(descriptors))[None],
        jnp.asarray(labels),
        jnp.ones((1, len(labels)), jnp.float32),
        n_classes=n_classes,
        hidden=config.hidden,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
    )
    single = jax.tree.map(lambda leaf: leaf[0, 0], params)
    return FittedClassifier(standardisation, single, config.hidden, n_classes)


def classifier_probabilities(classifier: FittedClassifier, descriptors: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32 (n, n_classes), of raw descriptors (n, n_features)."""
    probabilities = predict_mlps(
        jax.tree.map(lambda leaf: leaf[None, None], classifier.params),
        jnp.asarray(classifier.standardisation(descriptors))[None],
        hidden=classifier.hidden,
        n_classes=classifier.n_classes,
    )
    return np.asarray(probabilities[0, 0])
