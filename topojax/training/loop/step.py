"""One update of the weights, and the network's output, compiled for the devices that share it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.sharding import NamedSharding
from jaxtyping import Array, Float, Shaped

from topojax.data.feeding.batches import padded_batches
from topojax.row_files.row_blocks import Rows
from topojax.training.loop.sharding import DataParallel

State = Any
Step = Callable[..., tuple[State, State, State, Array]]
Criterion = Callable[[Array, Array], Array]
"""From outputs (m, …), float32, and targets (m, …) to one loss a sample (m,)."""


@lru_cache
def training_step(
    graph: Any,
    optimiser: optax.GradientTransformation,
    criterion: Criterion,
    precision: str,
    replicated: NamedSharding,
) -> Step:
    """Return the compiled update of a network; equal arguments give the identical function.

    The function takes parameters, statistics and the optimiser's state, whose memory it reuses, a
    batch in k parts, x float32 (k, m, *spatial, C), targets (k, m, …) and weights of samples
    float32 (k, m), and returns the three anew with the batch's loss: Σ w_i loss_i / Σ w_i.

    Args:
        graph: the network's graph definition.
        optimiser: of the parameters, which are float32.
        criterion: the samples' losses.
        precision: dtype of the activations; loss, statistics and gradients of the parameters are
            float32.
        replicated: where everything but the batch lies.
    """

    def step(
        params: State,
        stats: State,
        state: State,
        x: Float[Array, "k m *spatial c"],
        targets: Shaped[Array, "k m ..."],
        weights: Float[Array, "k m"],
    ) -> tuple[State, State, State, Array]:
        loss = partial(_loss, graph, criterion, jnp.dtype(precision), weights.sum())
        stats, value, grads = _accumulated(loss, params, stats, (x, targets, weights))
        updates, state = optimiser.update(grads, state, params)
        return optax.apply_updates(params, updates), stats, state, value

    return jax.jit(step, donate_argnums=(0, 1, 2), out_shardings=replicated)


def _loss(
    graph: Any,
    criterion: Criterion,
    dtype: jnp.dtype,
    total: Array,
    params: State,
    stats: State,
    batch: tuple[Array, Array, Array],
) -> tuple[Array, State]:
    x, targets, weights = batch
    model = nnx.merge(graph, params, stats, copy=True)
    model.train()
    losses = criterion(model(x.astype(dtype)).astype(jnp.float32), targets)
    return (weights * losses).sum() / total, nnx.state(model, nnx.BatchStat)


def _accumulated(
    loss: Callable[..., tuple[Array, State]], params: State, stats: State, parts: Any
) -> tuple[State, Array, State]:
    """Statistics, loss and gradient of a batch, part by part.

    Losses and gradients are sums over parts: those of the whole batch, except that batch
    normalisation sees one part at a time and moves its running statistics once a part.
    """
    gradient = jax.value_and_grad(loss, has_aux=True)
    if len(parts[0]) == 1:
        (value, stats), grads = gradient(params, stats, jax.tree.map(lambda part: part[0], parts))
        return stats, value, grads

    def add(carry: tuple[State, Array, State], part: Any) -> tuple[Any, None]:
        stats, value, grads = carry
        (more, stats), further = gradient(params, stats, part)
        return (stats, value + more, jax.tree.map(jnp.add, grads, further)), None

    start = (stats, jnp.float32(0), jax.tree.map(jnp.zeros_like, params))
    return jax.lax.scan(add, start, parts)[0]


@partial(jax.jit, static_argnames=("graph", "replicated"))
def _logits(
    graph: Any,
    replicated: NamedSharding,
    params: State,
    stats: State,
    x: Float[Array, "b *spatial c"],
) -> Array:
    model = nnx.merge(graph, params, stats, copy=True)
    model.eval()
    return jax.lax.with_sharding_constraint(model(x), replicated)


def predict_logits(
    graph: Any,
    params: State,
    stats: State,
    x: Rows,
    batch_size: int,
    devices: DataParallel,
) -> np.ndarray:
    """Return the logits, float32 (n, …), of network inputs float32 (n, *spatial, C).

    Args:
        graph: the network's graph definition.
        params, stats: its arrays, on all of `devices`.
        x: images.
        batch_size: images at once; rounded up to a multiple of the number of devices.
        devices: what computes.
    """
    size = devices.round_up(batch_size)
    own = devices.own_rows(size)
    parts = []
    for rows, batch in padded_batches(x, size):
        logits = _logits(
            graph, devices.replicated, params, stats, devices.shard(batch[own], axis=0)
        )
        parts.append(np.asarray(logits)[: rows.stop - rows.start])
    return np.concatenate(parts)
