"""Maps of a data set: batches leave no trace, and no label can come in."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from flax import nnx

from topojax.cam import METHODS, activation_maps, compute_cams, scale_maps, upsample_maps
from topojax.cam.batches import _quantised_cams
from topojax.config import CamConfig
from topojax.errors import ConfigError, DataError, WeightsError

LAYERS = ("layer2", "layer3", "layer4")
TWO_AT_A_TIME = CamConfig(layers=LAYERS, batch_size=2)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((5, 18, 20, 1)).astype(np.float32)


def test_maps_are_those_of_single_steps(network, images):
    stack = compute_cams(network, images, TWO_AT_A_TIME)
    assert stack.maps.shape == (5, 3, 18, 20)
    assert stack.maps.dtype == np.uint8
    assert stack.logits.dtype == stack.embeddings.dtype == np.float32
    assert stack.layers == LAYERS
    logits, raw = activation_maps(network, images[:3], layers=LAYERS)
    np.testing.assert_allclose(stack.logits[:3], logits, atol=1e-4)
    for index, layer in enumerate(LAYERS):
        expected = scale_maps(upsample_maps(raw[layer], (18, 20)))
        np.testing.assert_allclose(stack.maps[:3, index] / 255, expected, atol=0.5 / 255 + 1e-3)
    head = network.fc.kernel[...], network.fc.bias[...]
    np.testing.assert_allclose(stack.embeddings @ head[0] + head[1], stack.logits, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dims", [2, 3])
def test_every_method_gives_full_range_maps_and_embeddings(tiny_network, method, dims):
    model = tiny_network(dims)
    x = np.random.default_rng(2).standard_normal((3, *(5, 6, 7)[:dims], 1)).astype(np.float32)
    stack = compute_cams(model, x, CamConfig(method=method, batch_size=2))
    assert stack.embeddings.shape == (3, model.num_features)
    np.testing.assert_allclose(
        stack.embeddings, nnx.jit(lambda m, x: m.embed(x))(model, x), atol=1e-5
    )
    by_map = stack.maps.reshape(3 * len(stack.layers), -1)
    assert not by_map.min(1).any()
    assert set(by_map.max(1)) <= {0, 255}
    assert by_map.max() == 255


def test_maps_are_grad_cams(golden_network):
    model, x, torch = golden_network("resnet18", 1000)
    stack = compute_cams(model, x, CamConfig(layers=LAYERS, batch_size=len(x)))
    for index, layer in enumerate(LAYERS):
        expected = torch[f"{layer}.pytorch_grad_cam"]
        np.testing.assert_allclose(stack.maps[:, index] / 255, expected, atol=1e-2)


def test_one_compilation_serves_any_number_of_images(network, images):
    whole = compute_cams(network, images, TWO_AT_A_TIME)
    traced = _quantised_cams._cache_size()
    for n in (1, 2, 3):
        part = compute_cams(network, images[:n], TWO_AT_A_TIME)
        np.testing.assert_array_equal(part.maps, whole.maps[:n])
        np.testing.assert_array_equal(part.logits, whole.logits[:n])
        np.testing.assert_array_equal(part.embeddings, whole.embeddings[:n])
    assert _quantised_cams._cache_size() == traced


def test_no_argument_could_carry_a_label():
    assert set(inspect.signature(compute_cams).parameters) == {
        "model", "images", "config", "folder", "progress",
    }  # fmt: skip


def test_images_that_are_not_finite_are_refused(network, images):
    broken = images.copy()
    broken[3, 2, 1] = np.nan
    with pytest.raises(DataError, match="NaN"):
        compute_cams(network, broken, TWO_AT_A_TIME)


def test_a_diverged_network_is_refused(network, images):
    graph, state = nnx.split(network)
    diverged = nnx.merge(graph, state, copy=True)
    diverged.fc.bias[...] = diverged.fc.bias[...] * np.nan
    with pytest.raises(WeightsError, match="diverged"):
        compute_cams(diverged, images, TWO_AT_A_TIME)


def test_bad_arguments_are_refused(network, images):
    with pytest.raises(ConfigError, match="layer9"):
        compute_cams(network, images, CamConfig(layers=("layer9",)))
    with pytest.raises(DataError, match="channels last"):
        compute_cams(network, images[:0], TWO_AT_A_TIME)
