"""Grad-CAM and Grad-CAM++ by their definitions, on differences of a numpy network's logits.

A network of ReLUs is linear around any point, so that in float64 a small step gives its slope:
one step of a whole channel gives the sum of dS/dA over space, which is what Grad-CAM weighs by.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest
from flax import nnx

from oracles.torch_resnets import stages_from
from topojax.cam import activation_maps
from topojax.models import Backbone
from topojax.weights import torch_name

LAYERS = ("layer2", "layer3", "layer4")
NEXT = {"layer2": "layer3", "layer3": "layer4", "layer4": "fc"}
STEP = 1e-5


def _state_dict(model: Backbone) -> dict[str, np.ndarray]:
    flat = nnx.to_flat_state(nnx.state(model))
    weights = {}
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        name = torch_name(path, leaf)
        array = np.asarray(leaf[...], np.float64)
        weights[name] = np.moveaxis(array, (-2, -1), (1, 0)) if path[-1] == "kernel" else array
    return weights


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    # As large as those of test_gradcam, so that both are compiled once.
    return np.asarray(jax.random.normal(jax.random.key(1), (3, 18, 20, 1)))


@pytest.fixture(scope="module")
def weights(network) -> dict[str, np.ndarray]:
    return _state_dict(network)


@pytest.fixture(scope="module")
def stages(weights, x) -> dict[str, np.ndarray]:
    return stages_from("resnet18", np.moveaxis(x, -1, 1), weights)


@pytest.fixture(scope="module")
def slope(weights, stages) -> Callable[..., np.ndarray]:
    """Return a function (layer, image, directions (n, C, *map)) to dS/dA along each, (n,)."""
    targets = stages["fc"].argmax(axis=1)

    def along(layer: str, image: int, directions: np.ndarray) -> np.ndarray:
        moved = stages[layer][image] + STEP * directions
        logits = stages_from("resnet18", moved, weights, NEXT[layer])["fc"]
        before = stages["fc"][image]
        return (logits - before)[:, targets[image]] / STEP

    return along


@pytest.mark.parametrize("layer", LAYERS)
def test_gradcam_is_that_of_the_slopes_of_channels(layer, network, stages, slope, x):
    logits, maps = activation_maps(network, x, layers=LAYERS)
    np.testing.assert_allclose(logits, stages["fc"], atol=1e-4 * np.abs(stages["fc"]).max())
    activations = stages[layer]
    n_channels, cells = activations.shape[1], activations[0, 0].size
    ones = np.ones(activations.shape[2:])
    channels = np.eye(n_channels).reshape(n_channels, n_channels, *(1,) * ones.ndim) * ones
    for image, activation in enumerate(activations):
        alpha = slope(layer, image, channels) / cells
        expected = np.maximum(np.tensordot(alpha, activation, 1), 0)
        scale = np.abs(np.tensordot(alpha, activation, 1)).max()
        assert scale > 0
        np.testing.assert_allclose(maps[layer][image], expected, atol=1e-3 * scale)


@pytest.mark.slow
def test_gradcam_pp_is_that_of_the_slopes_of_cells(network, stages, slope, x):
    # Of the last layer but one: 256 channels of 2 x 2 cells, and not linear up to the logits.
    _, maps = activation_maps(network, x[:1], layers=("layer3",), method="gradcam++")
    activation = stages["layer3"][0]
    each = np.eye(activation.size).reshape(-1, *activation.shape)
    g = slope("layer3", 0, each).reshape(activation.shape)
    total = activation.sum(axis=(1, 2), keepdims=True)
    alpha = g**2 / (2 * g**2 + total * g**3 + 1e-6)
    weight = (np.maximum(g, 0) * alpha).sum(axis=(1, 2))
    expected = np.maximum(np.tensordot(weight, activation, 1), 0)
    assert expected.max() > 0
    np.testing.assert_allclose(maps["layer3"][0], expected, atol=2e-3 * expected.max())
