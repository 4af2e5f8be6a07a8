"""The update: accumulation against the closed form, what it reuses, precision of its parts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from topojax.models import create_model
from topojax.training.backbone.fitted import backbone_parts
from topojax.training.loop.sharding import share_batches
from topojax.training.loop.step import training_step

RATE = 0.5
CROSS_ENTROPY = optax.softmax_cross_entropy_with_integer_labels
pytestmark = pytest.mark.usefixtures("tiny_networks")


def _step(name: str, batch: tuple, parts: int, precision: str = "float32") -> tuple:
    """One update by gradient descent: (parameters before, parameters, statistics, loss)."""
    graph, params, stats = backbone_parts(create_model(name, 2, 1, rngs=nnx.Rngs(0)))
    optimiser = optax.sgd(RATE)
    one = share_batches(1, jax.devices()[:1])
    step = training_step(graph, optimiser, CROSS_ENTROPY, precision, one.replicated)
    split = [array.reshape(parts, -1, *array.shape[1:]) for array in batch]
    before = jax.tree.map(np.array, params)
    new, stats, _, loss = step(params, stats, optimiser.init(params), *split)
    return before, new, stats, float(loss)


@pytest.fixture
def batch(data: tuple, rng: np.random.Generator) -> tuple:
    (x, y), _ = data
    return x[:12], y[:12], rng.uniform(0.5, 2, 12).astype(np.float32)


def test_accumulated_parts_equal_the_large_batch_by_hand(batch: tuple) -> None:
    x, y, w = batch
    before, together, _, loss = _step("plain", batch, 1)
    _, in_parts, _, loss_in_parts = _step("plain", batch, 4)
    assert loss_in_parts == pytest.approx(loss, rel=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), together, in_parts)
    # Of the last layer the gradient is known: dL/db = Σ w (softmax - one hot) / Σ w.
    graph, params, stats = backbone_parts(create_model("plain", 2, 1, rngs=nnx.Rngs(0)))
    logits = np.asarray(nnx.merge(graph, params, stats)(jnp.asarray(x)), np.float64)
    error = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - np.eye(2)[y]
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y]
    assert loss == pytest.approx(np.average(losses, weights=w), rel=1e-5)
    gradient = (w[:, None] * error).sum(0) / w.sum()
    moved = before["fc"]["bias"][...] - np.asarray(in_parts["fc"]["bias"][...])
    np.testing.assert_allclose(moved, RATE * gradient, rtol=1e-4, atol=1e-7)


def test_batch_normalisation_sees_one_part_at_a_time(batch: tuple) -> None:
    (_, _, together, _), (_, _, in_parts, _) = _step("tiny", batch, 1), _step("tiny", batch, 2)
    assert not np.allclose(together["bn1"]["var"][...], in_parts["bn1"]["var"][...], atol=1e-6)
    x = batch[0]
    _, _, first_part, _ = _step("tiny", tuple(array[:6] for array in batch), 1)
    noise = [state["dropout"]["noise"][...].tolist() for state in (first_part, in_parts)]
    assert noise[0] != noise[1]  # every part draws anew
    graph, params, stats = backbone_parts(create_model("tiny", 2, 1, rngs=nnx.Rngs(0)))
    model = nnx.merge(graph, params, stats)
    mean = np.zeros(6)
    for part in np.split(x, 2):
        convolved = np.asarray(model.conv1(jnp.asarray(part)))
        mean = 0.9 * mean + 0.1 * convolved.mean((0, 1, 2))
    np.testing.assert_allclose(in_parts["bn1"]["mean"][...], mean, rtol=1e-4, atol=1e-6)


def test_bfloat16_keeps_weights_statistics_and_loss_in_float32(batch: tuple) -> None:
    _, exact, _, loss = _step("plain", batch, 1)
    _, params, stats, rounded = _step("plain", batch, 1, "bfloat16")
    assert {leaf.dtype for leaf in jax.tree.leaves((params, stats))} == {np.dtype("float32")}
    assert rounded == pytest.approx(loss, rel=2e-2)
    assert rounded != loss
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-2), params, exact)


def test_the_update_reuses_the_memory_of_its_inputs(batch: tuple) -> None:
    graph, params, stats = backbone_parts(create_model("plain", 2, 1, rngs=nnx.Rngs(0)))
    optimiser = optax.adam(1e-3)
    one = share_batches(1, jax.devices()[:1])
    step = training_step(graph, optimiser, CROSS_ENTROPY, "float32", one.replicated)
    given = one.replicate(params)
    step(given, stats, optimiser.init(params), *(array[None] for array in batch))
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(given))
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(params))
