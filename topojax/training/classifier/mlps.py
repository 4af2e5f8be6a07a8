"""Many small MLPs trained side by side, each on its own rows, under one `vmap`.

The same compiled loop trains the final classifier and those of all candidates of the search, so
that a candidate is judged by what would be trained on it (paper, section 3: the objective over
ψ, τ, w).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log2
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int

from topojax.models import MLP
from topojax.training.classifier.standardisation import Standardisation

Params = Any


@dataclass(frozen=True)
class MLPSettings:
    """How classifiers are built and trained.

    Attributes:
        n_classes: length of the logits.
        hidden: widths of the hidden layers.
        epochs: passes over the rows.
        batch_size: most rows an update.
        learning_rate: of Adam.
        standardise: give each classifier descriptors standardised by its own training rows.
    """

    n_classes: int
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    standardise: bool = True


def mlp_template(n_features: int, hidden: tuple[int, ...], n_classes: int) -> tuple[Any, Params]:
    """Return (graph definition, abstract parameters) of the MLP, without allocating."""
    model = nnx.eval_shape(lambda: MLP(n_features, hidden, n_classes, rngs=nnx.Rngs(0)))
    return nnx.split(model)


def padded_rows(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return index arrays made equally long, int32 (k, m), and what is no padding, bool (k, m)."""
    longest = max(len(index) for index in rows)
    padded = [np.pad(index, (0, longest - len(index)), mode="edge") for index in rows]
    present = [np.arange(longest) < len(index) for index in rows]
    return np.stack(padded).astype(np.int32), np.stack(present)


def train_mlps(
    key: Array,
    descriptors: Float[Array, "p n f"],
    labels: Int[Array, " n"],
    rows: Int[Array, "k m"],
    weights: Float[Array, "p k m"],
    standardisation: Standardisation,
    *,
    settings: MLPSettings,
) -> Params:
    """Train one MLP for every candidate and every choice of rows.

    All of them start from the same parameters, and all candidates see the same batches, so that
    they differ by their descriptors alone. Nothing is computed for samples that are not in a
    choice of rows.

    Args:
        key: of the initial parameters and the shuffles.
        descriptors: raw, one matrix a candidate.
        labels: in 0 … n_classes - 1.
        rows: samples that are trained on (a fold's); see `padded_rows`.
        weights: of these samples in the cross-entropy; 0 leaves one out (padding).
        standardisation: of leading axes (p, k).

    Returns:
        Parameters with leading axes (p, k).
    """
    start = training_start(key, descriptors.shape[-1], rows.shape[1], settings)
    return train_from(start, descriptors, labels, rows, weights, standardisation, settings=settings)


class TrainingStart(NamedTuple):
    """What all classifiers have in common before they are trained.

    Attributes:
        params: of one MLP.
        batches: int (U, B), places in the rows for each of U updates.
    """

    params: Params
    batches: Int[Array, "u b"]


def training_start(
    key: Array, n_features: int, n_rows: int, settings: MLPSettings
) -> TrainingStart:
    """Draw the initial parameters and the batches; see `train_mlps`. Not inside `jit`."""
    init_key, shuffle_key = jax.random.split(key)
    return TrainingStart(
        _initial_mlp(init_key, n_features, settings.hidden, settings.n_classes),
        _shuffled_batches(shuffle_key, n_rows, settings.batch_size, settings.epochs),
    )


def train_from(
    start: TrainingStart,
    descriptors: Float[Array, "p n f"],
    labels: Int[Array, " n"],
    rows: Int[Array, "k m"],
    weights: Float[Array, "p k m"],
    standardisation: Standardisation,
    *,
    settings: MLPSettings,
) -> Params:
    """Train from a start, inside `jit` too; the other arguments are those of `train_mlps`."""
    return _train(
        *start,
        settings.learning_rate,
        descriptors,
        labels,
        rows,
        weights,
        standardisation,
        shape=(descriptors.shape[-1], settings.hidden, settings.n_classes),
    )


def _initial_mlp(key: Array, n_features: int, hidden: tuple[int, ...], n_classes: int) -> Params:
    """Return `nnx.state(MLP(..., rngs=nnx.Rngs(key)))`, which takes seconds to compile.

    All arrays are drawn by one program, at the length of the longest, rounded up: the start of a
    draw does not depend on its length, and descriptors of many lengths share the program.
    """
    _, abstract = mlp_template(n_features, hidden, n_classes)
    flat = nnx.to_flat_state(abstract)
    longest = max(leaf.size for leaf in flat.leaves)
    fans = np.repeat([n_features, *hidden], 2)
    draws = np.asarray(_uniforms(key, (fans**-0.5).astype(np.float32), 2 ** ceil(log2(longest))))
    filled = []
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        _, layer, name = path
        # As `nnx.Linear` draws: a layer's kernel, then its bias.
        draw = draws[2 * int(str(layer)) + (name == "bias")]
        filled.append((path, leaf.replace(draw[: leaf.size].reshape(leaf.shape))))
    return nnx.from_flat_state(filled)


@partial(jax.jit, static_argnames="n")
def _uniforms(key: Array, bounds: Float[Array, " k"], n: int) -> Float[Array, "k n"]:
    """Return a row of ±bound for every bound; the keys are those of a stream of `nnx.Rngs`."""
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(len(bounds)))
    return jax.lax.map(
        lambda row: jax.random.uniform(row[0], (n,), jnp.float32, -row[1], row[1]), (keys, bounds)
    )


@partial(jax.jit, static_argnums=(1, 2, 3))
def _shuffled_batches(key: Array, n: int, batch_size: int, epochs: int) -> Int[Array, "u b"]:
    """Return places in the rows for every update: all of them once an epoch.

    Batches are of one size, as even as can be; the last of an epoch repeats a few places where
    they do not divide the rows.
    """
    n_batches = -(-n // batch_size)
    size = -(-n // n_batches)

    def epoch(key: Array) -> Array:
        return jnp.resize(jax.random.permutation(key, n), (n_batches, size))

    return jax.vmap(epoch)(jax.random.split(key, epochs)).reshape(-1, size)


@partial(jax.jit, static_argnames="shape")
def _train(
    params: Params,
    batches: Int[Array, "u b"],
    learning_rate: Float[Array, ""],
    descriptors: Float[Array, "p n f"],
    labels: Int[Array, " n"],
    rows: Int[Array, "k m"],
    weights: Float[Array, "p k m"],
    standardisation: Standardisation,
    *,
    shape: tuple[int, tuple[int, ...], int],
) -> Params:
    graph, _ = mlp_template(*shape)
    optimiser = optax.adam(learning_rate)

    def loss(params: Params, x: Array, y: Array, weight: Array) -> Array:
        losses = optax.softmax_cross_entropy_with_integer_labels(nnx.merge(graph, params)(x), y)
        return jnp.sum(losses * weight) / jnp.maximum(jnp.sum(weight), 1e-12)

    def train(features: Array, rows: Array, weight: Array, standardised: Standardisation) -> Params:
        def step(carry: tuple, places: Array) -> tuple[tuple, None]:
            params, state = carry
            batch = rows[places]
            # Standardising the batch costs less than keeping a standardised copy a fold.
            x = standardised(features[batch])
            grads = jax.grad(loss)(params, x, labels[batch], weight[places])
            updates, state = optimiser.update(grads, state, params)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimiser.init(params)), batches)[0][0]

    by_rows = jax.vmap(train, in_axes=(None, 0, 0, 0))
    return jax.vmap(by_rows, in_axes=(0, None, 0, 0))(descriptors, rows, weights, standardisation)


@partial(jax.jit, static_argnames=("hidden", "n_classes"))
def mlp_logits(
    params: Params,
    descriptors: Float[Array, "p n f"],
    rows: Int[Array, "k s"],
    standardisation: Standardisation,
    *,
    hidden: tuple[int, ...],
    n_classes: int,
) -> Float[Array, "p k s c"]:
    """Return the logits that the MLPs of `train_mlps` give for the samples in their rows."""
    graph, _ = mlp_template(descriptors.shape[-1], hidden, n_classes)

    def logits(params: Params, features: Array, rows: Array, standardised: Standardisation) -> Any:
        return nnx.merge(graph, params)(standardised(features[rows]))

    by_rows = jax.vmap(logits, in_axes=(0, None, 0, 0))
    return jax.vmap(by_rows, in_axes=(0, 0, None, 0))(params, descriptors, rows, standardisation)


def predict_mlps(
    params: Params,
    descriptors: Float[Array, "p n f"],
    rows: Int[Array, "k s"],
    standardisation: Standardisation,
    *,
    hidden: tuple[int, ...],
    n_classes: int,
) -> Float[Array, "p k s c"]:
    """Return class probabilities, as `mlp_logits` does logits."""
    logits = mlp_logits(
        params, descriptors, rows, standardisation, hidden=hidden, n_classes=n_classes
    )
    return jax.nn.softmax(logits)
