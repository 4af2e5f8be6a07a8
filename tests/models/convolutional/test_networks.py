"""VGG-16, DenseNet-121 and EfficientNet-B0 in 2-D and 3-D: parity, laws, small images, maps."""

from __future__ import annotations

from functools import partial
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from oracles.torch_convnets import densenet, efficientnet, vgg
from topojax.cam import activation_maps
from topojax.models import abstract_model, map_shapes
from topojax.models.blocks.initialise import initial_state
from topojax.models.blocks.laws import Constant, Normal, Uniform
from topojax.models.convolutional.densenet import DenseNet
from topojax.models.convolutional.efficientnet import EfficientNet, Stage
from topojax.models.convolutional.vgg import VGG, adaptive_mean

PLANAR = ("vgg16", "densenet121", "efficientnet_b0")
NAMES = (*PLANAR, "efficientnet3d_b0")
_LAYOUT = tuple(
    Stage(expansion, side, stride, c_out=8, n_blocks=n_blocks)
    for expansion, side, stride, n_blocks in (
        (1, 3, 1, 1),
        (6, 3, 2, 2),
        (6, 5, 2, 1),
        (6, 3, 2, 1),
        (6, 5, 1, 1),
        (6, 5, 2, 1),
        (6, 3, 1, 1),
    )
)
# The same stages with few channels and layers, which compile in seconds.
THIN = {
    "vgg16": partial(VGG, "thin", 3, 1, blocks=((8,) * 2, (8,) * 2, (8,) * 3, (8,) * 3, (8,) * 3)),
    "densenet121": partial(DenseNet, "thin", 3, 1, blocks=(1, 1, 2, 1)),
    "efficientnet_b0": partial(EfficientNet, "thin", 2, 3, 1, layout=_LAYOUT),
    "efficientnet3d_b0": partial(EfficientNet, "thin", 3, 3, 1, layout=_LAYOUT),
}
# Sides that the references refuse, or that halve to one cell.
SMALL = {
    "vgg16": (28, 30),
    "densenet121": (32, 28),
    "efficientnet_b0": (28, 20),
    "efficientnet3d_b0": (17, 20, 18),
}


def _thin(name):
    graph, state = nnx.split(nnx.eval_shape(THIN[name]))
    model = nnx.merge(graph, initial_state(state, jax.random.key(0)))
    model.eval()
    return model


@nnx.jit
def _forward(model, x):
    return model(x)


def _logits(model, x):
    return np.asarray(_forward(model, x), np.float32)


def _spread(logits):
    return logits.max() - logits.min()


def _law(model, name):
    for part in name.split("."):
        model = getattr(model, part)
    return model.get_metadata()["law"]


@pytest.mark.parametrize("name", PLANAR)
def test_logits_are_torchvisions(name, golden_network):
    model, x, numbers = golden_network(name, 1000)
    logits = _logits(model, x)
    atol = 1e-3 * _spread(numbers["logits"])
    np.testing.assert_allclose(logits, numbers["logits"], rtol=0, atol=atol)
    np.testing.assert_array_equal(logits.argmax(axis=-1), numbers["predicted"])


@pytest.mark.parametrize(
    ("name", "reference"),
    [("vgg16", vgg), ("densenet121", densenet), ("efficientnet_b0", efficientnet)],
)
def test_thin_networks_follow_torchvisions_source(name, reference, with_rule_made_weights, rng):
    model, weights = with_rule_made_weights(nnx.eval_shape(THIN[name]))
    # Odd extents are left after one halving or another.
    x = rng.standard_normal((2, 1, 44, 37)).astype(np.float32)
    expected = reference(x, weights)
    assert expected.shape == (2, 3)
    assert _spread(expected) > 0.1
    got = _logits(model, np.moveaxis(x, 1, -1))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * _spread(expected))


@pytest.mark.parametrize(
    "axis", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_a_volume_of_one_plane_is_an_image(axis, rng):
    # Of a window around the one voxel of an axis, only the middle tap meets it.
    solid, planar = _thin("efficientnet3d_b0"), _thin("efficientnet_b0")
    graph, weights = nnx.split(solid)
    x = jnp.asarray(rng.standard_normal((2, 18, 15, 1)), jnp.float32)
    middle = jax.tree.map(
        lambda a: np.asarray(a).take(a.shape[axis] // 2, axis) if a.ndim == 5 else a, weights
    )
    nnx.update(planar, middle)
    expected = _logits(planar, x)
    got = _logits(nnx.merge(graph, weights), jnp.expand_dims(x, axis + 1))
    np.testing.assert_allclose(got, expected, atol=1e-4 * _spread(expected))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("vgg16", 138_357_544),
        ("densenet121", 7_978_856),
        ("efficientnet_b0", 5_288_548),
        ("efficientnet3d_b0", 5_971_108),
    ],
)
def test_parameters_are_as_many_as_published(name, count):
    params = nnx.state(abstract_model(name, 1000), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count


@pytest.mark.parametrize(
    "name",
    ["vgg16", *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES if name != "vgg16")],
)
def test_maps_and_bfloat16_of_small_images_of_any_aspect(name, rng):
    model = _thin(name)
    x = rng.standard_normal((2, *SMALL[name], 1)).astype(np.float32)
    logits, maps = activation_maps(model, x)
    assert not np.array_equal(logits[0], logits[1])
    shapes = map_shapes(name, SMALL[name])
    assert {layer: cam.shape for layer, cam in maps.items()} == {
        layer: (2, *shapes[layer]) for layer in model.cam_layers
    }
    assert all(np.isfinite(cam).all() for cam in maps.values())
    assert any(float(cam.max()) > 0 for cam in maps.values())
    half = _forward(model, jnp.asarray(x, jnp.bfloat16))
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(np.float32), logits, atol=0.05 * _spread(logits))


@pytest.mark.parametrize("name", NAMES)
def test_maps_have_more_than_a_cell_at_32_and_stages_at_1(name):
    model = abstract_model(name, 2)
    shapes = map_shapes(name, (32,) * model.spatial_dims)
    assert [shapes[layer][0] for layer in model.cam_layers] == [8, 4, 2]
    assert set(map_shapes(name, (1,) * model.spatial_dims)) == set(model.stage_names[:-2])


@pytest.mark.parametrize(
    ("name", "parameter", "law"),
    [
        ("vgg16", "features.28.kernel", Normal(sqrt(2 / (9 * 512)))),
        ("vgg16", "features.28.bias", Constant(0.0)),
        ("vgg16", "classifier.6.kernel", Normal(0.01)),
        ("vgg16", "classifier.6.bias", Constant(0.0)),
        # torch's kaiming_normal_ without arguments: by the channels that go in.
        ("densenet121", "features.denseblock1.denselayer2.conv1.kernel", Normal(sqrt(2 / 96))),
        ("densenet121", "classifier.kernel", Uniform(1 / 32)),
        ("densenet121", "classifier.bias", Constant(0.0)),
        # torch's fan_out of a kernel a channel is not divided by the groups.
        ("efficientnet_b0", "features.3.0.block.1.0.kernel", Normal(sqrt(2 / (25 * 144)))),
        ("efficientnet3d_b0", "features.3.0.block.1.0.kernel", Normal(sqrt(2 / (125 * 144)))),
        ("efficientnet_b0", "features.1.0.block.1.fc2.kernel", Normal(sqrt(2 / 32))),
        ("efficientnet_b0", "features.1.0.block.1.fc2.bias", Constant(0.0)),
        ("efficientnet_b0", "classifier.1.kernel", Uniform(1 / sqrt(7))),
        ("efficientnet_b0", "classifier.1.bias", Constant(0.0)),
    ],
)
def test_weights_start_by_torchvisions_laws(name, parameter, law):
    assert _law(abstract_model(name, 7), parameter) == law


def test_dropout_and_stochastic_depth_have_torchvisions_rates():
    model = abstract_model("efficientnet_b0", 2)
    blocks = [
        getattr(getattr(model.features, str(stage)), str(index))
        for stage, count in enumerate((1, 2, 2, 3, 3, 4, 1), 1)
        for index in range(count)
    ]
    rates = {i: block.stochastic_depth.rate for i, block in enumerate(blocks) if block.shortcut}
    assert rates == {i: pytest.approx(0.2 * i / 16) for i in (2, 4, 6, 7, 9, 10, 12, 13, 14)}
    assert getattr(model.classifier, "0").rate == 0.2
    classifier = abstract_model("vgg16", 2).classifier
    assert [getattr(classifier, index).rate for index in ("2", "5")] == [0.5, 0.5]


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (8, 14), (28, 5)])
def test_adaptive_mean_is_torchs(shape, rng):
    x = rng.standard_normal((2, *shape, 3)).astype(np.float32)
    expected = np.empty((2, 7, 7, 3), np.float32)
    for i in range(7):
        for j in range(7):
            rows, columns = (
                slice(k * n // 7, -(-(k + 1) * n // 7)) for k, n in zip((i, j), shape, strict=True)
            )
            expected[:, i, j] = x[:, rows, columns].mean(axis=(1, 2))
    np.testing.assert_allclose(adaptive_mean(jnp.asarray(x), (7, 7)), expected, atol=1e-6)
    half = adaptive_mean(jnp.asarray(x, jnp.bfloat16), (7, 7))
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(np.float32), expected, atol=0.03)
