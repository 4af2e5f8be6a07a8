"""Inflated networks answer to an image repeated along depth as the 2-D network to the image."""

from __future__ import annotations

import numpy as np
import pytest
from flax import nnx

from topojax.models import Backbone, abstract_model
from topojax.models.blocks.layers import relu
from topojax.weights import inflate_resnet18, load_torchvision, torchvision_report
from topojax.weights.inflation import inflate

# Half of what four 3 x 3 x 3 convolutions see along depth, the first or all of them strided, at
# most; on either side of the middle.
_REACH = 8


@pytest.fixture(scope="module")
def weights(rule_made_weights) -> dict[str, np.ndarray]:
    return rule_made_weights("resnet18", 7)


@pytest.fixture(scope="module")
def networks(weights) -> tuple[Backbone, Backbone]:
    planar = load_torchvision(abstract_model("resnet18", 7), weights)
    volumetric = load_torchvision(abstract_model("r3d_18", 7), inflate_resnet18(weights))
    planar.eval()
    volumetric.eval()
    return planar, volumetric


def _stack(image: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(image)[:, None], 2 * _REACH + 1, axis=1)


def _middle(volume: np.ndarray) -> np.ndarray:
    return np.asarray(volume)[:, volume.shape[1] // 2]


_run = nnx.jit(lambda model, stage, x: model.run((stage,), x), static_argnums=1)


def test_kernels_are_repeated_and_divided(rng):
    kernel = rng.standard_normal((4, 3, 7, 7)).astype(np.float32)
    inflated = inflate(kernel, 3)
    assert inflated.shape == (4, 3, 3, 7, 7)
    assert inflated.dtype == np.float32
    np.testing.assert_allclose(inflated.sum(axis=2), kernel, rtol=1e-6)
    np.testing.assert_array_equal(inflate(kernel, 1)[:, :, 0], kernel)


def test_names_and_shapes_are_those_of_r3d_18(weights):
    report = torchvision_report(abstract_model("r3d_18", 7), inflate_resnet18(weights))
    assert report.fits
    assert not report.head_kept
    assert not report.summed_channels


def test_the_first_convolution_sees_the_image_in_every_slice(networks, rng):
    planar, volumetric = networks
    image = rng.standard_normal((1, 20, 22, 3)).astype(np.float32)
    volume = np.asarray(getattr(volumetric.stem, "0")(_stack(image)))
    expected = np.asarray(planar.conv1(image))
    for depth in range(1, volume.shape[1] - 1):
        np.testing.assert_allclose(volume[:, depth], expected, atol=1e-4)


def test_every_layer_answers_as_its_2d_counterpart(networks, rng):
    # One layer at a time, its middle slice repeated before the next: the border, which 2-D has
    # not, stays out of reach. r3d_18 has no max-pool, so that ours is left out of resnet18.
    planar, volumetric = networks
    image = rng.standard_normal((1, 16, 18, 3)).astype(np.float32)
    expected = relu(planar.bn1(planar.conv1(image)))
    found = _middle(_run(volumetric, "stem", _stack(image)))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    for layer in ("layer1", "layer2", "layer3", "layer4"):
        expected = _run(planar, layer, expected)
        found = _middle(_run(volumetric, layer, _stack(found)))
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=1e-4 * scale, err_msg=layer)
    logits = _run(volumetric, "fc", volumetric.pooled(_stack(found)))
    expected = _run(planar, "fc", planar.pooled(expected))
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)


def test_grey_and_other_classes_are_adapted_as_ever(weights):
    inflated = inflate_resnet18(weights)
    report = torchvision_report(abstract_model("r3d_18", 2, 1), inflated)
    assert report.fits
    assert report.summed_channels
    assert report.head_kept
    model = load_torchvision(abstract_model("r3d_18", 7, 1), inflated)
    kernel = np.asarray(getattr(model.stem, "0").kernel[...])
    np.testing.assert_allclose(
        kernel[1, :, :, 0], weights["conv1.weight"].sum(1).transpose(1, 2, 0) / 3, atol=1e-6
    )
