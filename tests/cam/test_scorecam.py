"""Score-CAM: the reference's map, the definition channel by channel, memory that is bounded."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from topojax.cam import activation_maps, compute_cams, scale_maps, upsample_maps
from topojax.cam.methods.scorecam import scorecam_weights
from topojax.cam.methods.stages import layer_outputs
from topojax.cam.resample import upsample_to_corners
from topojax.config import CamConfig


def test_map_is_the_references(golden_network):
    model, x, reference = golden_network("resnet18", 1000)
    _, maps = activation_maps(model, x, layers=("layer4",), method="scorecam")
    enlarged = scale_maps(upsample_maps(maps["layer4"], x.shape[1:-1]))
    np.testing.assert_allclose(enlarged, reference["layer4.pytorch_score_cam"], atol=1e-2)


@pytest.mark.parametrize("dims", [2, 3])
def test_maps_are_those_of_masking_channel_by_channel(tiny_network, dims):
    model = tiny_network(dims)
    x = jax.random.normal(jax.random.key(1), (2, *range(5, 5 + dims), 1))
    logits, maps = activation_maps(model, x, method="scorecam", target=1)
    assert list(maps) == ["block1", "block2"]
    outputs, activations = layer_outputs(model, x, ("block1", "block2"))
    np.testing.assert_allclose(logits, outputs.logits, rtol=1e-5, atol=1e-6)
    for layer, a in activations.items():
        scores = []
        for channel in range(a.shape[-1]):
            mask = np.asarray(upsample_to_corners(a[..., channel], x.shape[1:-1]))
            low = mask.min(axis=tuple(range(1, dims + 1)), keepdims=True)
            high = mask.max(axis=tuple(range(1, dims + 1)), keepdims=True)
            mask = (mask - low) / (high - low + 1e-8)
            scores.append(model(x * mask[..., None])[:, 1])
        weights = jax.nn.softmax(jnp.stack(scores, axis=-1))
        expected = jax.nn.relu(jnp.einsum("b...c,bc->b...", a, weights))
        np.testing.assert_allclose(maps[layer], expected, rtol=1e-4, atol=1e-6)


def test_a_larger_batch_changes_no_image(tiny_network):
    model = tiny_network(2)
    x = jax.random.normal(jax.random.key(2), (20, 6, 6, 1))
    _, whole = activation_maps(model, x, method="scorecam", target=0)
    for n in (1, 7):
        _, part = activation_maps(model, x[:n], method="scorecam", target=0)
        np.testing.assert_allclose(part["block2"], whole["block2"][:n], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("n_images", "at_once"), [(1, 12), (2, 12), (5, 15), (16, 16), (20, 20)])
def test_no_more_masked_images_at_once_than_the_batch_or_16(n_images, at_once):
    seen = []

    def model(x):
        seen.append(x.shape)
        return jnp.zeros((len(x), 2)) + x.sum()

    x = jnp.ones((n_images, 8, 8, 1))
    activation = jax.random.normal(jax.random.key(3), (n_images, 4, 4, 12))
    classes = jnp.zeros(n_images, int)
    program = jax.make_jaxpr(lambda a: scorecam_weights(model, x, a, classes))(activation)
    assert len(seen) == 1
    largest = max(
        var.aval.size
        for scan in program.eqns
        if scan.primitive.name == "scan"
        for equation in scan.params["jaxpr"].jaxpr.eqns
        for var in equation.outvars
    )
    assert largest == at_once * 64


def test_maps_of_a_data_set(tiny_network):
    images = np.random.default_rng(0).standard_normal((5, 6, 7, 1)).astype(np.float32)
    stack = compute_cams(tiny_network(2), images, CamConfig(method="scorecam", batch_size=2))
    assert stack.maps.shape == (5, 2, 6, 7)
    assert stack.maps.min() == 0
    assert stack.maps.max() == 255


def test_corners_lie_on_corners():
    coarse = jnp.array([[[0.0, 1.0, 4.0]]])
    fine = upsample_to_corners(coarse, (2, 5))
    np.testing.assert_allclose(fine[0], [[0, 0.5, 1, 2.5, 4]] * 2, atol=1e-6)
