"""DaViT-Tiny and MobileViT-S: parity with timm, laws, sizes of images, maps, gradients."""

from __future__ import annotations

from functools import partial
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.cam import activation_maps
from topojax.models import abstract_model, map_shapes
from topojax.models.attention.davit import ChannelAttention, DaViT, WindowAttention
from topojax.models.attention.mobilevit import MobileViT, Stage, apart, together
from topojax.models.blocks.initialise import initial_state
from topojax.models.blocks.laws import Constant, Normal, Uniform
from topojax.models.blocks.layers import Dropout
from topojax.weights.torchvision import torch_shapes

COUNTS = {"davit_tiny": 28_360_168, "mobilevit_s": 5_578_632}
# The same stages with few channels and blocks, which compile in seconds.
THIN = {
    "davit_tiny": partial(
        DaViT, "thin", 3, 1, widths=(8, 8, 16, 16), depths=(1,) * 4, heads=(1, 2, 2, 4)
    ),
    "mobilevit_s": partial(
        MobileViT,
        "thin",
        3,
        1,
        layout=(
            Stage(c_out=8, stride=1, n_residuals=1),
            Stage(c_out=8, stride=2, n_residuals=2),
            *(Stage(c_out=8, stride=2, n_residuals=1, width=8, depth=1) for _ in range(3)),
        ),
        stem=8,
        last=16,
    ),
}


def _initialised(build):
    graph, state = nnx.split(nnx.eval_shape(build))
    model = nnx.merge(graph, initial_state(state, jax.random.key(0)))
    model.eval()
    return model


def _logits(model, x):
    return np.asarray(nnx.jit(lambda m, x: m(x))(model, x), np.float32)


def _law(model, name):
    for part in name.split("."):
        model = getattr(model, part)
    return model.get_metadata()["law"]


@pytest.mark.parametrize("name", COUNTS)
def test_logits_are_timms(name, golden_network):
    model, x, numbers = golden_network(name, 1000, f"timm_{name}")
    logits = _logits(model, x)
    atol = 1e-3 * np.ptp(numbers["logits"])
    np.testing.assert_allclose(logits, numbers["logits"], rtol=0, atol=atol)
    np.testing.assert_array_equal(logits.argmax(axis=-1), numbers["predicted"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # timm 1.0.31 with the golden files' rule for 10 classes.
        (
            "davit_tiny",
            [2.7574, -1.4752, -0.7293, 1.9387, 1.2445, -2.0773, 1.1815, -0.2797, -1.4132, -1.0088],
        ),
        (
            "mobilevit_s",
            [0.0292, -3.445, -1.9367, -0.8721, -0.1131, 0.3538, -0.6244, 0.8171, -2.3067, -0.0361],
        ),
    ],
)
def test_logits_are_timms_where_windows_and_patches_do_not_divide(
    name, expected, rule_made_network
):
    x = np.random.default_rng(3).standard_normal((2, 3, 50, 47)).astype(np.float32)[:1]
    logits = _logits(rule_made_network(name, 10), np.moveaxis(x, 1, -1))
    np.testing.assert_allclose(logits[0], expected, atol=1e-3 * np.ptp(expected))


@pytest.mark.parametrize("name", COUNTS)
def test_names_shapes_and_counts_are_timms(name, shared):
    numbers = np.load(shared / "golden" / "torchvision" / f"timm_{name}.npz")
    shapes = [tuple(int(n) for n in text.strip("()").split(",") if n) for text in numbers["shapes"]]
    expected = {
        key: shape
        for key, shape in zip(numbers["names"].tolist(), shapes, strict=True)
        if not key.endswith("num_batches_tracked")
    }
    assert torch_shapes(abstract_model(name, 1000)) == expected
    weights = (np.prod(shape) for key, shape in expected.items() if ".running_" not in key)
    assert sum(weights) == COUNTS[name]


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_as_many_as_timms(name):
    params = nnx.state(abstract_model(name, 1000), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == COUNTS[name]


@pytest.mark.parametrize(
    "name", [pytest.param("davit_tiny", marks=pytest.mark.slow), "mobilevit_s"]
)
def test_maps_of_small_images(name, rng):
    model = _initialised(THIN[name])
    x = rng.standard_normal((2, 28, 30, 1)).astype(np.float32)
    logits, maps = activation_maps(model, x)
    assert not np.array_equal(logits[0], logits[1])
    shapes = map_shapes(name, (28, 30))
    assert {layer: cam.shape for layer, cam in maps.items()} == {
        layer: (2, *shapes[layer]) for layer in model.cam_layers
    }
    for cam in maps.values():
        assert np.isfinite(cam).all()
        assert (np.asarray(cam) >= 0).all()
        assert np.asarray(cam).any()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(28, 30), (33, 64)])
@pytest.mark.parametrize("name", THIN)
def test_bfloat16_is_close_to_float32(name, size, rng):
    graph, state = nnx.split(_initialised(THIN[name]))
    x = jnp.asarray(rng.standard_normal((2, *size, 1)), jnp.float32)

    def both(state, x):
        model = nnx.merge(graph, state, copy=True)
        return model(x), model(x.astype(jnp.bfloat16))

    full, half = jax.jit(both)(state, x)
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(np.float32), full, atol=0.1 * np.ptp(full))


@pytest.mark.parametrize("name", THIN)
def test_maps_have_more_than_a_cell_at_32_and_stages_at_1(name):
    model = abstract_model(name, 2)
    shapes = map_shapes(name, (32, 32))
    assert [shapes[layer] for layer in model.cam_layers] == [(8, 8), (4, 4), (2, 2)]
    assert set(map_shapes(name, (1, 1))) == set(model.stage_names[:-2])


@pytest.mark.slow
@pytest.mark.parametrize("name", THIN)
def test_gradient_reaches_every_parameter(name, rng):
    graph, params, rest = nnx.split(_initialised(THIN[name]), nnx.Param, ...)
    x = rng.standard_normal((2, 28, 30, 1)).astype(np.float32)
    # A batch norm that starts at 0 hides from the gradient what is before it.
    params = jax.tree.map(
        lambda a: np.asarray(a) + 0.1 * rng.standard_normal(a.shape).astype(np.float32), params
    )

    def loss(params):
        logits = nnx.merge(graph, params, rest, copy=True)(x)
        return (logits * jnp.array([1.0, -1.0, 0.5])).sum()

    flat = nnx.to_flat_state(jax.jit(jax.grad(loss))(params))
    assert len(flat.leaves) > 50
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        largest = np.abs(leaf[...]).max()  # by numpy: jax compiles every shape
        assert np.isfinite(largest)
        assert largest > 0, path


@pytest.mark.parametrize(
    ("name", "parameter", "law"),
    [
        ("davit_tiny", "stem.conv.kernel", Uniform(1 / sqrt(3 * 49))),
        ("davit_tiny", "stem.conv.bias", Uniform(1 / sqrt(3 * 49))),
        ("davit_tiny", "stages.1.downsample.conv.kernel", Uniform(1 / sqrt(4 * 96))),
        ("davit_tiny", "stages.2.blocks.1.0.cpe1.proj.kernel", Uniform(1 / 3)),
        ("davit_tiny", "stages.2.blocks.1.0.cpe2.proj.bias", Uniform(1 / 3)),
        ("davit_tiny", "stages.2.blocks.2.0.attn.qkv.kernel", Normal(0.02)),
        ("davit_tiny", "stages.2.blocks.2.1.attn.qkv.bias", Constant(0.0)),
        ("davit_tiny", "stages.3.blocks.0.1.mlp.fc2.kernel", Normal(0.02)),
        ("davit_tiny", "head.fc.kernel", Normal(0.02)),
        ("davit_tiny", "head.fc.bias", Constant(0.0)),
        ("mobilevit_s", "stem.conv.kernel", Normal(sqrt(2 / (9 * 16)))),
        ("mobilevit_s", "stages.1.1.conv2_kxk.conv.kernel", Normal(sqrt(2 / 9))),
        ("mobilevit_s", "stages.1.1.conv3_1x1.bn.scale", Constant(0.0)),
        ("mobilevit_s", "stages.2.1.conv_1x1.kernel", Normal(sqrt(2 / 144))),
        ("mobilevit_s", "stages.2.1.transformer.1.attn.qkv.kernel", Normal(0.01)),
        ("mobilevit_s", "stages.2.1.transformer.1.attn.proj.kernel", Normal(0.01)),
        ("mobilevit_s", "stages.4.1.transformer.2.mlp.fc1.kernel", Normal(0.01)),
        ("mobilevit_s", "head.fc.kernel", Normal(0.01)),
        ("mobilevit_s", "head.fc.bias", Constant(0.0)),
    ],
)
def test_weights_start_by_timms_laws(name, parameter, law):
    assert _law(abstract_model(name, 7), parameter) == law


def test_only_residuals_with_a_shortcut_start_as_the_identity():
    stages = abstract_model("mobilevit_s", 2).stages
    scales = {
        (stage, block): getattr(getattr(stages, stage), block).conv3_1x1.bn.scale
        for stage, block in [("0", "0"), ("1", "0"), ("1", "1"), ("1", "2"), ("2", "0")]
    }
    silent = {place for place, scale in scales.items() if "law" in scale.get_metadata()}
    assert silent == {("1", "1"), ("1", "2")}


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_dropped_as_timm_has_it_by_default(name):
    modules = (module for _, module in nnx.iter_modules(abstract_model(name, 2)))
    assert {module.rate for module in modules if isinstance(module, Dropout)} <= {0.0}


def test_a_cell_sees_its_window_alone(rng):
    attention = _initialised(lambda: WindowAttention(8, 2))
    x = rng.standard_normal((1, 9, 15, 8)).astype(np.float32)
    before = _logits(attention, x)
    for cell in [(0, 0), (6, 7), (8, 14)]:
        other = x.copy()
        other[0, *cell] += 3
        changed = (_logits(attention, other) != before).any(axis=(0, -1))
        rows, columns = (np.arange(n) // 7 == i // 7 for n, i in zip((9, 15), cell, strict=True))
        np.testing.assert_array_equal(changed, np.outer(rows, columns))


def test_channels_are_attended_to_wherever_the_cells_lie(rng):
    attention = _initialised(lambda: ChannelAttention(8, 2))
    x = rng.standard_normal((2, 12, 8)).astype(np.float32)
    shuffled = rng.permutation(12)
    expected = _logits(attention, x.reshape(2, 3, 4, 8)).reshape(2, 12, 8)[:, shuffled]
    got = _logits(attention, x[:, shuffled].reshape(2, 2, 6, 8)).reshape(2, 12, 8)
    np.testing.assert_allclose(got, expected, atol=1e-6 * np.ptp(expected))


def test_patches_are_parted_by_the_place_of_their_cells(rng):
    x = jnp.asarray(rng.standard_normal((2, 6, 4, 3)), jnp.float32)
    parted = apart(x)
    np.testing.assert_array_equal(parted[4 + 2 * 1 + 0], x[1, 1::2, 0::2])
    np.testing.assert_array_equal(together(parted), x)
