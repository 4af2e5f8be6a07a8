"""Swin V2: parity with torchvision, count, any size, windows."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from oracles.torch_swin import swin_v2
from topojax.cam import activation_maps
from topojax.models import abstract_model, map_shapes
from topojax.models.attention.swin_v2 import SwinV2, WindowAttention
from topojax.models.blocks.initialise import initial_state
from topojax.models.blocks.windows import completed, from_windows, windows

# The same stages with few channels and layers, which compile in seconds.
_thin_swin = partial(SwinV2, "thin", 3, 1, width=8, depths=(1, 2, 1, 1), heads=(1, 2, 2, 4))


def _thin():
    graph, state = nnx.split(nnx.eval_shape(_thin_swin))
    model = nnx.merge(graph, initial_state(state, jax.random.key(0)))
    model.eval()
    return model


def test_logits_are_torchvisions(golden_network):
    model, x, numbers = golden_network("swin_v2_t", 1000)
    logits = np.asarray(nnx.jit(lambda m, x: m(x))(model, x))
    atol = 1e-3 * np.ptp(numbers["logits"])
    np.testing.assert_allclose(logits, numbers["logits"], rtol=0, atol=atol)
    np.testing.assert_array_equal(logits.argmax(axis=-1), numbers["predicted"])


def test_a_thin_network_follows_torchvisions_source(with_rule_made_weights, rng):
    model, weights = with_rule_made_weights(nnx.eval_shape(_thin_swin))
    # 10 x 18 cells: neither whole windows nor, halved, an even number.
    x = rng.standard_normal((2, 1, 40, 72)).astype(np.float32)
    expected = swin_v2(x, weights, (1, 2, 2, 4))
    assert expected.shape == (2, 3)
    got = np.asarray(nnx.jit(lambda m, x: m(x))(model, np.moveaxis(x, 1, -1)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * np.ptp(expected))


def test_parameters_are_as_many_as_published():
    params = nnx.state(abstract_model("swin_v2_t", 1000), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 28_351_570


@pytest.mark.slow
@pytest.mark.parametrize("size", [(28, 62)])
def test_maps_and_bfloat16_of_small_images_of_any_aspect(size, rng):
    model = _thin()
    x = rng.standard_normal((2, *size, 1)).astype(np.float32)
    logits, maps = activation_maps(model, x)
    assert not np.array_equal(logits[0], logits[1])
    shapes = map_shapes("swin_v2_t", size)
    assert {layer: cam.shape for layer, cam in maps.items()} == {
        layer: (2, *shapes[layer]) for layer in model.cam_layers
    }
    assert all(np.isfinite(cam).all() for cam in maps.values())
    assert any(float(cam.max()) > 0 for cam in maps.values())
    half = nnx.jit(lambda m, x: m(x))(model, jnp.asarray(x, jnp.bfloat16))
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(np.float32), logits, atol=0.1 * np.ptp(logits))


def test_maps_have_more_than_a_cell_at_32():
    model = abstract_model("swin_v2_t", 2)
    shapes = map_shapes("swin_v2_t", (32, 32))
    assert [shapes[layer] for layer in model.cam_layers] == [(8, 8), (4, 4), (2, 2)]


def test_gradient_reaches_every_parameter(rng):
    graph, params, rest = nnx.split(_thin(), nnx.Param, ...)
    x = rng.standard_normal((2, 40, 70, 1)).astype(np.float32)
    # From where no layer is silent: laws start biases, and Swin's table, at 0.
    params = jax.tree.map(
        lambda a: np.asarray(a) + 0.1 * rng.standard_normal(a.shape).astype(np.float32), params
    )

    @jax.jit
    @jax.grad
    def gradient(params):
        logits = nnx.merge(graph, params, rest, copy=True)(x)
        return (logits * jnp.array([1.0, -1.0, 0.5])).sum()

    flat = nnx.to_flat_state(gradient(params))
    assert len(flat.leaves) > 50
    for path, leaf in zip(flat.paths, flat.leaves, strict=True):
        largest = np.abs(leaf[...]).max()  # by numpy: jax compiles every shape
        assert np.isfinite(largest)
        assert largest > 0, path


def test_windows_are_slices_and_come_back(rng):
    x = jnp.asarray(rng.standard_normal((2, 9, 13, 3)), jnp.float32)
    whole = completed(x, 4)
    assert whole.shape == (2, 12, 16, 3)
    assert not whole[:, 9:].any()
    assert not whole[:, :, 13:].any()
    cut = windows(whole, 4)
    np.testing.assert_array_equal(cut[1, 5].reshape(4, 4, 3), whole[1, 4:8, 4:8])
    np.testing.assert_array_equal(from_windows(cut, (12, 16), 4), whole)


@pytest.mark.parametrize("size", [(16, 16), (24, 8), (13, 18)])
def test_a_cell_sees_its_own_shifted_window_alone(size, rng):
    """Of cells, those see each other whose places plus 4 lie in one window of 8 x 8."""
    graph, state = nnx.split(nnx.eval_shape(lambda: WindowAttention(4, 2, shifted=True)))
    model = nnx.merge(graph, initial_state(state, jax.random.key(1)))
    # As drawn, weights of so few channels all but stop the signal, and attention is sharp.
    model.qkv.kernel[...] *= 20
    model.proj.kernel[...] *= 20
    model.logit_scale[...] *= 0
    x = rng.standard_normal((1, *size, 4)).astype(np.float32)
    attend = nnx.jit(lambda m, x: m(x))
    before = np.asarray(attend(model, x))
    spans = [-(-n // 8) * 8 for n in size]

    def window(cell):
        return [(i + 4) // 8 if span > 8 else 0 for i, span in zip(cell, spans, strict=True)]

    for cell in [(0, 0), (5, 6), (size[0] - 1, size[1] - 1)]:
        other = x.copy()
        other[0, *cell] += 3
        changed = np.abs(np.asarray(attend(model, other)) - before).max(axis=(0, -1)) > 1e-6
        expected = [
            [window((i, j)) == window(cell) for j in range(size[1])] for i in range(size[0])
        ]
        np.testing.assert_array_equal(changed, expected)
