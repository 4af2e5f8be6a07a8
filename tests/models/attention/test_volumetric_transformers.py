"""3D-ViT, 3D-CCT and M3T: sizes, what goes where, the encoder block, dropout, gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from topojax.cam import activation_maps
from topojax.models import Backbone, abstract_model, create_model, map_shapes
from topojax.models.attention.cct3d import pooling_weights
from topojax.models.attention.m3t import plane_slices
from topojax.models.attention.vit3d import PatchEmbedding
from topojax.models.blocks.layers import Noise
from topojax.models.blocks.transformer import EncoderBlock, interpolated

NAMES = ("vit3d", "cct3d", "m3t")
# M3T passes every slice through a ResNet-50: volumes of other sizes cost too much here.
SHAPES = {"vit3d": (28, 28, 28), "cct3d": (28, 28, 28), "m3t": (6, 9, 7)}


def _randomised(module: nnx.Module, rng: np.random.Generator) -> nnx.Module:
    """Give all parameters random values, biases and scales too."""
    params = nnx.state(module, nnx.Param)
    nnx.update(
        module,
        jax.tree.map(lambda p: jnp.asarray(0.3 * rng.standard_normal(p.shape), p.dtype), params),
    )
    return module


@pytest.fixture(scope="module")
def network() -> Callable[[str], Backbone]:
    """Return networks of one channel and two classes, by name, in evaluation mode."""

    @cache
    def make(name: str) -> Backbone:
        model = create_model(name, num_classes=2, in_channels=1, rngs=nnx.Rngs(0))
        model.eval()
        return model

    return make


@pytest.fixture
def block(rng: np.random.Generator) -> EncoderBlock:
    block = EncoderBlock(
        12, heads=3, hidden=20, dropout=0.2, attention_dropout=0.2, stochastic_depth=0.5
    )
    return _randomised(block, rng)


@pytest.mark.parametrize(
    ("name", "count"), [("vit3d", 22_081_922), ("cct3d", 4_374_850), ("m3t", 30_239_458)]
)
def test_parameters_are_as_many_as_stated(name, count):
    params = nnx.state(abstract_model(name, num_classes=2, in_channels=3), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count


@pytest.mark.parametrize(
    ("name", "spatial", "layer", "expected"),
    [
        ("vit3d", (28, 28, 28), "blocks.11", (4, 4, 4)),
        ("vit3d", (64, 64, 64), "patch_embed", (8, 8, 8)),
        ("vit3d", (5, 33, 48), "blocks.0", (1, 5, 6)),
        ("cct3d", (28, 28, 28), "tokenizer.1", (7, 7, 7)),
        ("cct3d", (64, 64, 64), "blocks.6", (8, 8, 8)),
        ("cct3d", (1, 33, 48), "blocks.0", (1, 5, 6)),
        ("m3t", (28, 28, 28), "cnn3d.0", (28, 28, 28)),
        ("m3t", (5, 33, 48), "cnn3d.1", (5, 33, 48)),
    ],
)
def test_maps_are_as_large_as_stated(name, spatial, layer, expected):
    assert map_shapes(name, spatial)[layer] == expected


@pytest.mark.parametrize(
    ("channels", "dtype"),
    [
        (1, jnp.float32),
        (3, jnp.bfloat16),
        pytest.param(1, jnp.bfloat16, marks=pytest.mark.slow),
        pytest.param(3, jnp.float32, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_logits_have_the_images_dtype(name, channels, dtype):
    model = abstract_model(name, num_classes=4, in_channels=channels)
    images = jax.ShapeDtypeStruct((2, 12, 10, 20, channels), dtype)
    logits = nnx.eval_shape(lambda m, x: m(x), model, images)
    assert (logits.shape, logits.dtype) == ((2, 4), dtype)


@pytest.mark.parametrize(
    "name", ["cct3d", *(pytest.param(name, marks=pytest.mark.slow) for name in ("vit3d", "m3t"))]
)
def test_default_layers_give_maps(network, rng, name):
    model = network(name)
    x = rng.standard_normal((2, *SHAPES[name], 1)).astype(np.float32)
    logits, maps = activation_maps(model, x)
    assert logits.shape == (2, 2)
    shapes = map_shapes(name, SHAPES[name])
    assert {layer: each.shape for layer, each in maps.items()} == {
        layer: (2, *shapes[layer]) for layer in model.cam_layers
    }
    for each in maps.values():
        assert np.isfinite(each).all()
        assert each.min() >= 0
        assert each.max() > 0


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("vit3d", marks=pytest.mark.slow),
        "cct3d",
        pytest.param("m3t", marks=pytest.mark.slow),
    ],
)
def test_gradient_reaches_every_parameter(network, rng, name):
    graph, params, rest = nnx.split(network(name), nnx.Param, ...)
    x = rng.standard_normal((2, *SHAPES[name], 1)).astype(np.float32)

    @jax.jit
    @jax.grad
    def gradient(params):
        logits = nnx.merge(graph, params, rest, copy=True)(x)
        return (logits * jnp.array([1.0, -1.0])).sum()

    flat = nnx.to_flat_state(gradient(params))
    assert len(flat.leaves) > 50
    unreached = [
        path
        for path, leaf in zip(flat.paths, flat.leaves, strict=True)
        if not np.abs(leaf[...]).max() > 1e-9
    ]
    assert unreached == []


def test_a_patch_is_one_cell_of_the_map(rng):
    embedding = _randomised(PatchEmbedding(2, 6, 4), rng)
    x = rng.standard_normal((1, 8, 16, 12, 2)).astype(np.float32)
    erased = x.copy()
    erased[:, 4:8, 8:12, 0:4] = 0
    changed = np.abs(embedding(x) - embedding(erased)).max(axis=(0, -1)) > 1e-6
    assert np.argwhere(changed).tolist() == [[1, 2, 0]]


def test_last_patches_are_completed_with_zeros(rng):
    embedding = _randomised(PatchEmbedding(1, 6, 4), rng)
    x = rng.standard_normal((1, 5, 3, 8, 1)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 3), (0, 1), (0, 0), (0, 0)))
    assert embedding(x).shape == (1, 2, 1, 2, 6)
    np.testing.assert_array_equal(embedding(x), embedding(padded))


def test_positions_on_the_stored_grid_are_as_they_are(network, rng):
    for name, table in (("vit3d", "pos_embed"), ("cct3d", "positional_emb")):
        model = network(name)
        stored = getattr(model, table)[...]
        nothing = jnp.zeros((1, *stored.shape))
        np.testing.assert_array_equal(model.positioned(nothing)[0], stored)
    sequence = rng.standard_normal((64, 3)).astype(np.float32)
    np.testing.assert_array_equal(interpolated(sequence, (64,)), sequence)


def test_positions_elsewhere_are_linear_between_the_centres_of_cells(rng):
    table = rng.standard_normal((4, 6, 2, 5)).astype(np.float32)
    halved = table.reshape(2, 2, 3, 2, 2, 5).mean(axis=(1, 3))
    np.testing.assert_allclose(interpolated(table, (2, 3, 2)), halved, atol=1e-6)
    ramp = np.arange(4, dtype=np.float32)[:, None]
    expected = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    np.testing.assert_allclose(interpolated(ramp, (8,))[:, 0], expected, atol=1e-6)


def test_encoder_block_is_the_formula(block, rng):
    block.eval()
    x = rng.standard_normal((2, 5, 12)).astype(np.float32)
    np.testing.assert_allclose(block(jnp.asarray(x)), _reference_block(block, x), atol=1e-5)


def _reference_block(block: EncoderBlock, x: np.ndarray) -> np.ndarray:
    """Dosovitskiy et al. 2021, equations 2, 3 and 5 to 8, head by head in float64."""

    def normalised(norm, x):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return scaled * np.asarray(norm.scale[...]) + np.asarray(norm.bias[...])

    def linear(layer, x):
        return x @ np.asarray(layer.kernel[...], np.float64) + np.asarray(layer.bias[...])

    x = x.astype(np.float64)
    queries, keys, values = np.split(linear(block.attn.qkv, normalised(block.norm1, x)), 3, axis=-1)
    heads = []
    for head in range(3):
        own = slice(4 * head, 4 * head + 4)
        scores = np.exp(queries[..., own] @ np.swapaxes(keys[..., own], 1, 2) / 2)
        heads.append(scores / scores.sum(-1, keepdims=True) @ values[..., own])
    x = x + linear(block.attn.proj, np.concatenate(heads, axis=-1))
    hidden = linear(block.mlp.fc1, normalised(block.norm2, x))
    gelu = hidden * np.vectorize(math.erf)(hidden / np.sqrt(2)) / 2 + hidden / 2
    return x + linear(block.mlp.fc2, gelu)


def test_encoder_block_sees_tokens_not_their_layout(block, rng):
    block.eval()
    x = rng.standard_normal((2, 2, 3, 4, 12)).astype(np.float32)
    y = np.asarray(block(jnp.asarray(x))).reshape(2, 24, 12)
    order = rng.permutation(24)
    shuffled = block(jnp.asarray(x.reshape(2, 24, 12)[:, order]))
    np.testing.assert_allclose(shuffled, y[:, order], atol=1e-5)


def test_pooling_weights_sum_to_one_and_weigh_the_tokens(network, rng):
    scores = 3 * rng.standard_normal((4, 27)).astype(np.float32)
    weights = np.asarray(pooling_weights(jnp.asarray(scores)))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        np.log(weights[:, 1] / weights[:, 0]), scores[:, 1] - scores[:, 0], atol=1e-4
    )
    model = network("cct3d")
    tokens = jnp.asarray(rng.standard_normal((2, 1, 1, 1, 256)), jnp.float32)
    alike = jnp.broadcast_to(tokens, (2, 3, 2, 4, 256))
    np.testing.assert_allclose(model.pooled(alike), model.pooled(tokens), atol=1e-5)


def test_planes_are_numpys_slices(rng):
    x = rng.standard_normal((2, 3, 5, 4, 6)).astype(np.float32)
    for axis, planes in enumerate(plane_slices(jnp.asarray(x)), 1):
        assert planes.shape == (2, x.shape[axis], 5, 5, 6)
        for index in range(x.shape[axis]):
            expected = np.take(x, index, axis=axis)
            height, width = expected.shape[1:3]
            np.testing.assert_array_equal(planes[:, index, :height, :width], expected)
            assert not planes[:, index, height:].any()
            assert not planes[:, index, :, width:].any()


def test_a_voxel_changes_the_tokens_of_its_three_slices(network, rng):
    tokens = nnx.jit(lambda model, x: model.slice_tokens(x))
    model = network("m3t")
    depth, height, width = shape = SHAPES["m3t"]
    x = rng.standard_normal((1, *shape, 32)).astype(np.float32)
    other = x.copy()
    other[:, 1, 8, 5] += 3
    before, after = tokens(model, x), tokens(model, other)
    assert before.shape == (1, depth + height + width + 4, 256)
    changed = np.flatnonzero(np.abs(before - after).max(axis=(0, -1)) > 1e-6)
    assert changed.tolist() == [1 + 1, 1 + depth + 1 + 8, 1 + depth + 1 + height + 1 + 5]
    # The class token and the three separators see no image.
    marks = np.array([0, 1 + depth, 2 + depth + height, 3 + depth + height + width])
    np.testing.assert_array_equal(before[0, marks], model._marks())


@partial(jax.jit, static_argnames="graph")
def _twice(graph: Any, state: nnx.State, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    model = nnx.merge(graph, state, copy=True)
    return model(x), model(x)


def _in_training(model: nnx.Module, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return two outputs in a row of a copy of the model in training mode."""
    copy = nnx.merge(*nnx.split(model), copy=True)
    copy.train()
    return _twice(*nnx.split(copy), x)


def test_dropout_acts_in_training_alone_and_follows_its_key(block, rng):
    x = jnp.asarray(rng.standard_normal((8, 5, 12)), jnp.float32)
    first, second = _in_training(block, x)
    again, _ = _in_training(block, x)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, second)
    nnx.update(block, jax.tree.map(lambda key: key + 1, nnx.state(block, Noise)))
    other, _ = _in_training(block, x)
    assert not np.allclose(first, other)
    block.eval()
    without = EncoderBlock(12, heads=3, hidden=20)
    nnx.update(without, nnx.state(block, nnx.Param))
    np.testing.assert_allclose(block(x), _in_training(without, x)[0], atol=1e-5)


def test_dropout_rates_are_those_stated():
    vit, cct, m3t = (abstract_model(name, num_classes=2) for name in NAMES)
    for model in (vit, m3t):
        block = getattr(model.blocks, "1")
        rates = (model.pos_drop, block.attn.proj_drop, block.mlp.drop1, block.mlp.drop2)
        assert [layer.rate for layer in rates] == [0.1] * 4
        assert block.attn.attn_drop.rate == block.drop_path.rate == 0
    blocks = [getattr(cct.blocks, str(index)) for index in range(7)]
    assert {block.attn.attn_drop.rate for block in blocks} == {0.1}
    depths = [block.drop_path.rate for block in blocks]
    np.testing.assert_allclose(depths, np.linspace(0, 0.1, 7), atol=1e-12)
