"""Networks that the CAM tests share."""

from __future__ import annotations

import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.models import ResidualNetwork, create_model
from topojax.weights.torchvision import _torchvision_name, load_torchvision


@pytest.fixture(scope="session")
def network() -> ResidualNetwork:
    """Return a resnet18 of 4 classes whose batch norms are away from 0 and 1."""
    graph, state = nnx.split(create_model("resnet18", 4, 1, rngs=nnx.Rngs(3)))
    leaves, tree = jax.tree.flatten(state)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    moved = [
        leaf * jnp.exp(0.1 * jax.random.normal(key, leaf.shape)) if leaf.ndim == 1 else leaf
        for key, leaf in zip(keys, leaves, strict=True)
    ]
    return nnx.merge(graph, tree.unflatten(moved))


def golden_network(name: str, num_classes: int) -> ResidualNetwork:
    """Return torchvision's network with the weights that the golden files' rule makes."""
    model = create_model(name, num_classes, 3, rngs=nnx.Rngs(0))
    flat = nnx.to_flat_state(nnx.state(model))
    weights = {}
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        key = _torchvision_name(path, model.architecture.spatial_dims)
        shape = leaf.shape if leaf.ndim == 1 else (*leaf.shape[:-3:-1], *leaf.shape[:-2])
        weights[key] = _rule_made(key, shape)
    return load_torchvision(model, weights)


def _rule_made(key: str, shape: tuple[int, ...]) -> np.ndarray:
    draws = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
    if key.endswith("running_var"):
        return np.exp(0.1 * draws).astype(np.float32)
    if key.endswith(("running_mean", "bias")):
        return (0.1 * draws).astype(np.float32)
    if len(shape) == 1:
        return (1 + 0.1 * draws).astype(np.float32)
    return (draws * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)


@pytest.fixture(scope="session")
def golden(shared):
    """Return, by name, (network, input channels-last, torch's numbers)."""

    def load(name: str, num_classes: int):
        numbers = np.load(shared / "golden" / "torchvision" / f"{name}.npz")
        draws = np.random.default_rng(int(numbers["input_seed"]))
        x = draws.standard_normal(numbers["input_shape"]).astype(np.float32)
        return golden_network(name, num_classes), jnp.asarray(np.moveaxis(x, 1, -1)), numbers

    return load
