"""Every formulation is the same convolution, in value and in both gradients."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from topojax.models.blocks import convolution
from topojax.models.blocks.convolution import (
    choose_formulation,
    convolve,
    depth_in_channels,
    depthwise,
    general,
    patches,
    plain,
    pointwise,
    winograd,
)

# name, spatial shape, window, strides
CASES = [
    (pointwise, (5, 4), (1, 1), (2, 2)),
    (pointwise, (3, 5, 4), (1, 1, 1), (1, 2, 2)),
    (patches, (7, 6), (3, 3), (2, 2)),
    (patches, (2, 2), (3, 3), (1, 1)),
    (patches, (4, 2, 3), (3, 3, 3), (1, 1, 1)),
    (patches, (5, 6, 7), (3, 3, 3), (2, 2, 2)),
    (depth_in_channels, (5, 4, 6), (3, 3, 3), (1, 1, 1)),
    (depth_in_channels, (5, 4, 6), (3, 3, 3), (2, 1, 2)),
    (depth_in_channels, (4, 9, 8), (3, 7, 7), (1, 2, 2)),
    (depth_in_channels, (4, 5, 6), (3, 3, 3), (2, 1, 1)),
    (plain, (8, 7), (3, 3), (1, 1)),
    (winograd, (8, 7), (3, 3), (1, 1)),
    (winograd, (3, 9), (3, 5), (1, 1)),
    (winograd, (4, 5, 6), (3, 3, 3), (1, 1, 1)),
    (winograd, (5, 4, 3), (3, 3, 3), (1, 1, 1)),
    (winograd, (6, 7, 4), (3, 1, 5), (1, 1, 1)),
    (winograd, (15, 3, 3), (3, 3, 3), (1, 1, 1)),
]


def _reference(x: jax.Array, kernel: jax.Array, strides: tuple[int, ...]) -> jax.Array:
    window = kernel.shape[:-2]
    axes = "DHW"[-len(window) :]
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        [(size // 2, size // 2) for size in window],
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        precision=lax.Precision.HIGHEST,
    )


# One program: compiled operation by operation, it takes several times as long.
@partial(jax.jit, static_argnums=0)
def _value_and_gradients(convolution, x, kernel, cotangent):
    value, pull = jax.vjp(convolution, x, kernel)
    return value, *pull(cotangent)


@pytest.mark.parametrize(("formulation", "spatial", "window", "strides"), CASES)
def test_value_and_gradients_are_xlas(formulation, spatial, window, strides, rng):
    x = jnp.asarray(rng.standard_normal((2, *spatial, 3)), jnp.float32)
    kernel = jnp.asarray(rng.standard_normal((*window, 3, 5)), jnp.float32)
    shape = jax.eval_shape(lambda: _reference(x, kernel, strides)).shape
    cotangent = jnp.asarray(rng.standard_normal(shape), jnp.float32)
    expected, *expected_gradients = _value_and_gradients(
        partial(_reference, strides=strides), x, kernel, cotangent
    )
    got, *gradients = _value_and_gradients(
        lambda a, k: formulation(a, k, strides), x, kernel, cotangent
    )
    np.testing.assert_allclose(got, expected, atol=1e-4)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize(
    ("spatial", "window", "strides", "padding"),
    [
        ((7, 6), (3, 3), (1, 1), (1, 1)),
        ((8, 7), (5, 5), (2, 2), (2, 2)),
        ((2, 1), (5, 5), (1, 1), (2, 2)),
        ((6, 7), (2, 4), (2, 3), (0, 1)),
        ((5, 4, 6), (3, 3, 3), (1, 1, 1), (1, 1, 1)),
        ((5, 4, 6), (5, 5, 5), (2, 2, 2), (2, 2, 2)),
        ((1, 2, 3), (5, 5, 5), (2, 1, 2), (2, 2, 2)),
    ],
)
def test_depthwise_is_xlas_in_value_and_gradients(spatial, window, strides, padding, rng):
    x = jnp.asarray(rng.standard_normal((2, *spatial, 6)), jnp.float32)
    kernel = jnp.asarray(rng.standard_normal((*window, 1, 6)), jnp.float32)
    shape = jax.eval_shape(lambda: general(x, kernel, strides, padding, 6)).shape
    cotangent = jnp.asarray(rng.standard_normal(shape), jnp.float32)
    expected, *expected_gradients = _value_and_gradients(
        lambda a, k: general(a, k, strides, padding, 6), x, kernel, cotangent
    )
    got, *gradients = _value_and_gradients(
        lambda a, k: depthwise(a, k, strides, padding), x, kernel, cotangent
    )
    np.testing.assert_allclose(got, expected, atol=1e-4)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
    half = depthwise(x.astype(jnp.bfloat16), kernel.astype(jnp.bfloat16), strides, padding)
    assert half.dtype == jnp.bfloat16
    np.testing.assert_allclose(half.astype(np.float32), expected, atol=0.05 * jnp.abs(got).max())


@pytest.mark.parametrize(
    ("backend", "c_in", "c_out", "groups", "expected"),
    [
        ("cpu", 6, 6, 6, "depthwise"),
        ("gpu", 6, 6, 6, "general"),
        ("cpu", 6, 12, 6, "general"),
        ("cpu", 6, 6, 3, "general"),
    ],
)
def test_a_kernel_a_channel_is_shifted_sums_on_a_cpu(
    backend, c_in, c_out, groups, expected, monkeypatch
):
    monkeypatch.setattr(convolution.jax, "default_backend", lambda: backend)
    for name in ("depthwise", "general"):
        monkeypatch.setattr(convolution, name, lambda *_, name=name: name)
    x, kernel = jnp.zeros((2, 5, 5, c_in)), jnp.zeros((3, 3, c_in // groups, c_out))
    assert convolve(x, kernel, (1, 1), groups=groups) == expected


@pytest.mark.parametrize(
    ("spatial", "window", "c_in", "c_out", "strides", "expected"),
    [
        ((28, 28, 28), (3, 7, 7), 1, 64, (1, 2, 2), depth_in_channels),
        ((28, 28), (7, 7), 3, 64, (2, 2), plain),
        ((28, 14, 14), (3, 3, 3), 64, 64, (1, 1, 1), winograd),
        ((28, 14, 14), (3, 3, 3), 64, 128, (2, 2, 2), depth_in_channels),
        ((28, 14, 14), (1, 1, 1), 64, 128, (2, 2, 2), pointwise),
        ((7, 4, 4), (3, 3, 3), 256, 256, (1, 1, 1), winograd),
        ((7, 4, 4), (3, 3, 3), 256, 512, (2, 2, 2), patches),
        ((8, 4, 4), (3, 3, 3), 512, 512, (1, 1, 1), patches),
        ((28, 14, 14), (1, 3, 3), 64, 64, (1, 1, 1), depth_in_channels),
        ((28, 14, 14), (3, 1, 1), 64, 64, (1, 1, 1), depth_in_channels),
        ((2, 14, 14), (3, 3, 3), 64, 64, (1, 1, 1), depth_in_channels),
        ((56, 56), (3, 3), 3, 64, (1, 1), plain),
        ((56, 56), (3, 3), 64, 64, (1, 1), plain),
        ((28, 28), (3, 3), 128, 128, (1, 1), winograd),
        ((56, 56), (3, 3), 64, 128, (2, 2), patches),
        ((7, 7), (3, 3), 512, 512, (1, 1), patches),
    ],
)
def test_the_formulation_follows_the_shapes(
    spatial, window, c_in, c_out, strides, expected, monkeypatch
):
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert choose_formulation((2, *spatial, c_in), (*window, c_in, c_out), strides) is expected


@pytest.mark.parametrize(
    ("spatial", "expected"), [((56, 56), plain), ((8,) * 3, depth_in_channels)]
)
def test_no_differences_are_taken_in_bfloat16(spatial, expected, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    dims = len(spatial)
    shapes = (2, *spatial, 128), (*(3,) * dims, 128, 64), (1,) * dims
    assert choose_formulation(*shapes, jnp.bfloat16) is expected
    assert choose_formulation(*shapes, jnp.float32) is winograd


def test_accelerators_take_xlas_convolution(monkeypatch):
    monkeypatch.setattr(convolution.jax, "default_backend", lambda: "gpu")
    assert choose_formulation((2, 4, 4, 4, 8), (1, 1, 1, 8, 8), (1, 1, 1)) is plain


def test_two_bfloat16_convolutions_and_a_maximum_survive_xlas_fusion(rng):
    x = jnp.asarray(rng.standard_normal((2, 16, 16, 64)), jnp.float32)
    first, second = jnp.asarray(rng.standard_normal((2, 3, 3, 64, 64)) / 17, jnp.float32)

    @jax.jit
    def largest(x):
        y = jax.nn.relu(convolve(x, first.astype(x.dtype), (1, 1)))
        return jax.nn.relu(convolve(y, second.astype(x.dtype), (1, 1))).max(axis=(1, 2))

    expected = largest(x)
    got = largest(x.astype(jnp.bfloat16)).astype(jnp.float32)
    np.testing.assert_allclose(got, expected, atol=0.03 * expected.max())


def test_output_sizes_are_torchs():
    # torch: floor((n + 2 (k // 2) - k) / s) + 1
    x, kernel = jnp.zeros((1, 28, 7, 5, 8)), jnp.zeros((3, 3, 3, 8, 4))
    assert convolve(x, kernel, (2, 2, 2)).shape == (1, 14, 4, 3, 4)
