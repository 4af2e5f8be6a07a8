"""Networks that the CAM tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from topojax.models import Backbone, create_model
from topojax.models.blocks.initialise import initial_state
from topojax.models.blocks.layers import Conv, Linear, Sequence, relu


class Tiny(Backbone):
    """Two convolutions, then a stage that flattens the map to tokens, then the logits."""

    stage_names: ClassVar = ("block1", "block2", "tokens", "pooled", "fc")
    cam_layers: ClassVar = ("block1", "block2")
    first_conv: ClassVar = "block1.0"

    def __init__(self, dims: int) -> None:
        super().__init__("tiny", dims, 3, 1)
        window = (3,) * dims
        self.block1 = Sequence(Conv(1, 4, window=window, strides=(1,) * dims), relu)
        self.block2 = Sequence(Conv(4, 6, window=window, strides=(2,) * dims), relu)
        self.fc = Linear(6, 3)

    def tokens(self, x):
        return x.reshape(len(x), -1, x.shape[-1])

    def pooled(self, x):
        return x.mean(1)


@pytest.fixture(scope="session")
def tiny_network() -> Callable[[int], Backbone]:
    """Return a function from 2 or 3 axes to a network that compiles at once."""

    def make(dims: int) -> Backbone:
        graph, state = nnx.split(nnx.eval_shape(lambda: Tiny(dims)))
        return nnx.merge(graph, initial_state(state, jax.random.key(4)))

    return make


@pytest.fixture(scope="session")
def network() -> Backbone:
    """Return a resnet18 of 4 classes whose batch norms are away from 0 and 1."""
    graph, state = nnx.split(create_model("resnet18", 4, 1, rngs=nnx.Rngs(3)))
    leaves, tree = jax.tree.flatten(state)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    moved = [
        leaf * jnp.exp(0.1 * jax.random.normal(key, leaf.shape)) if leaf.ndim == 1 else leaf
        for key, leaf in zip(keys, leaves, strict=True)
    ]
    return nnx.merge(graph, tree.unflatten(moved))
