"""Grad-CAM++: the reference's numbers, and its closed form against the definition."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.cam import activation_maps
from topojax.cam.methods.gradcam_pp import gradcam_pp_weights
from topojax.cam.methods.stages import layer_gradients

LAYERS = ("layer2", "layer3", "layer4")


@pytest.mark.parametrize(
    ("name", "num_classes"),
    [
        ("resnet18", 1000),
        ("r3d_18", 400),
        pytest.param("mc3_18", 400, marks=pytest.mark.slow),
        pytest.param("r2plus1d_18", 400, marks=pytest.mark.slow),
    ],
)
def test_maps_are_the_references(golden_network, name, num_classes):
    model, x, reference = golden_network(name, num_classes)
    _, maps = activation_maps(model, x, layers=LAYERS, method="gradcam++")
    for layer in LAYERS:
        expected = reference[f"{layer}.gradcampp"]
        assert np.abs(maps[layer] - expected).max() < 1e-3 * expected.max()


def test_one_positive_cell_weighs_by_hand():
    # g = 2 in one cell, -1 in another, 0 elsewhere; sum of A is 3.
    gradient = jnp.zeros((1, 2, 2, 1)).at[0, 0, 0, 0].set(2.0).at[0, 1, 1, 0].set(-1.0)
    activation = jnp.array([0.5, 1.0, 0.25, 1.25]).reshape(1, 2, 2, 1)
    expected = 2 * 4 / (2 * 4 + 3 * 8 + 1e-6)
    np.testing.assert_allclose(gradcam_pp_weights(activation, gradient), [[expected]], rtol=1e-6)


def test_weights_are_the_quotient_of_derivatives_of_the_exponential_score(tiny_network):
    # Equation 10: with Y = exp(S) and S linear in A from here on, dY = Y g, d2Y = Y g^2,
    # d3Y = Y g^3; taken here by automatic differentiation of Y along each single cell.
    model = tiny_network(2)
    x = jax.random.normal(jax.random.key(0), (1, 4, 4, 1))
    graph, state = nnx.split(model)
    _, activations, gradients = layer_gradients(nnx.merge(graph, state), x, ("block2",), None)
    a, g = activations["block2"], gradients["block2"]

    def along(step, index):
        return jnp.exp(((a + jnp.zeros_like(a).at[index].set(step)) * g).sum() - (a * g).sum())

    second = jax.grad(jax.grad(along))
    third = jax.grad(second)
    expected = np.zeros(a.shape[-1])
    for index in np.ndindex(a.shape):
        d1 = float(jax.grad(along)(0.0, index))
        d2, d3 = float(second(0.0, index)), float(third(0.0, index))
        total = float(a[..., index[-1]].sum())
        expected[index[-1]] += max(d1, 0) * d2 / (2 * d2 + total * d3 + 1e-6)
    np.testing.assert_allclose(gradcam_pp_weights(a, g)[0], expected, rtol=1e-3, atol=1e-7)
