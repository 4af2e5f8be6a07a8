"""The transposed convolution: the scattered sum that defines it, and its adjoint."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from topojax.models.blocks.convolution import plain
from topojax.models.blocks.transposed import ConvTranspose, convolve_transposed


def _scattered(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Every voxel i adds its value times tap k to output 2 i + k - 1 along each axis."""
    sizes, dims = x.shape[1:-1], x.ndim - 2
    y = np.zeros((len(x), *(2 * n for n in sizes), kernel.shape[-1]))
    for place in itertools.product(*map(range, sizes)):
        for tap in itertools.product(range(3), repeat=dims):
            target = tuple(2 * i + k - 1 for i, k in zip(place, tap, strict=True))
            if all(0 <= t < 2 * n for t, n in zip(target, sizes, strict=True)):
                y[:, *target] += x[:, *place] @ kernel[tap]
    return y


@pytest.mark.parametrize("sizes", [(4, 3), (1, 2), (2, 3, 1)])
def test_it_is_the_scattered_sum(sizes: tuple[int, ...], rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, *sizes, 3))
    kernel = rng.standard_normal((*(3,) * len(sizes), 3, 2))
    got = convolve_transposed(jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32))
    np.testing.assert_allclose(got, _scattered(x, kernel), rtol=1e-4, atol=1e-4)


def test_it_is_the_adjoint_of_a_convolution_of_stride_2(rng: np.random.Generator) -> None:
    x = jnp.asarray(rng.standard_normal((2, 3, 4, 2, 3)), jnp.float32)
    y = jnp.asarray(rng.standard_normal((2, 6, 8, 4, 5)), jnp.float32)
    kernel = jnp.asarray(rng.standard_normal((3, 3, 3, 3, 5)), jnp.float32)
    there = jnp.vdot(convolve_transposed(x, kernel), y)
    back = plain(y, kernel.swapaxes(-1, -2), (2, 2, 2))
    assert float(there) == pytest.approx(float(jnp.vdot(x, back)), rel=1e-4)


def test_an_odd_size_leaves_out_the_last_voxel(rng: np.random.Generator) -> None:
    layer = ConvTranspose(2, 3, dims=2)
    layer.kernel[...] = jnp.asarray(rng.standard_normal(layer.kernel.shape), jnp.float32)
    layer.bias[...] = jnp.arange(3.0)
    x = jnp.asarray(rng.standard_normal((1, 4, 5, 2)), jnp.float32)
    whole = layer(x, (8, 10))
    np.testing.assert_array_equal(layer(x, (7, 10)), whole[:, :7])
    np.testing.assert_allclose(
        whole - jnp.arange(3.0), convolve_transposed(x, layer.kernel[...]), atol=1e-6
    )


def test_it_keeps_the_dtype_of_its_input() -> None:
    x = jax.ShapeDtypeStruct((1, 2, 2, 1), jnp.bfloat16)
    layer = ConvTranspose(1, 1, dims=2)
    assert jax.eval_shape(lambda x: layer(x, (4, 4)), x).dtype == jnp.bfloat16
