"""Epochs of any network: targets that are images move with the inputs, the best epoch is kept."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.config import TrainingConfig
from topojax.training.loop.epochs import Task, train_epochs
from topojax.training.loop.progress import Progress


class Scaled(nnx.Module):
    """x times a number that is learnt."""

    def __init__(self) -> None:
        self.scale = nnx.Param(jnp.ones(1))

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.scale[...] * x


@dataclass(frozen=True)
class Numbers:
    """Of an epoch."""

    epoch: int
    loss: float

    @property
    def rank(self) -> tuple[float]:
        """The nearer the epoch's number to 1, the better."""
        return (-abs(self.epoch - 1),)


def _squares(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    return ((outputs[..., 0] - targets) ** 2).mean(tuple(range(1, targets.ndim)))


def _trained(x: np.ndarray, targets: np.ndarray, **options: object) -> Progress[Numbers]:
    graph, params, stats = nnx.split(Scaled(), nnx.Param, nnx.BatchStat)
    task = Task(
        "network",
        (graph, params, stats),
        _squares,
        (x, targets),
        np.ones(len(x), np.float32),
        x,
        lambda epoch, loss, logits: Numbers(epoch, loss),
        Numbers,
    )
    config = TrainingConfig(**{"epochs": 3, "batch_size": 4} | options)
    return train_epochs(config, task, lambda: (params, stats), seed=2)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_targets_that_are_images_move_with_the_inputs(
    accumulate: int, rng: np.random.Generator
) -> None:
    x = rng.standard_normal((6, 5, 4, 1)).astype(np.float32)
    options = {"flip_axes": (0, 1), "shift": 2, "accumulate": accumulate}
    together = _trained(x, x[..., 0], **options)
    assert [numbers.loss for numbers in together.history] == [0, 0, 0]
    # What does not move along is seen: of another image the loss is about 2.
    assert _trained(x, x[::-1, ..., 0], **options).history[0].loss > 1


def test_the_epoch_that_ranks_highest_is_kept(rng: np.random.Generator) -> None:
    x = rng.standard_normal((6, 5, 4, 1)).astype(np.float32)
    whole = _trained(x, 3 * x[..., 0])
    assert whole.best_epoch == 1
    stopped = _trained(x, 3 * x[..., 0], epochs=2)
    (kept,), (end,), (last,) = (
        [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
        for params in (whole.best_params, stopped.params, whole.params)
    )
    np.testing.assert_array_equal(kept, end)
    assert last > kept > 1
