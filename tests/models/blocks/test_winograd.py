"""Filtering by values at points: the identity behind it, and what it costs in digits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.models.blocks.convolution import plain, winograd
from topojax.models.blocks.winograd import TAPS, filter_first_axis, transforms

POINTS = st.lists(st.integers(-8, 8), min_size=2, max_size=5, unique=True)


@given(points=POINTS, data=st.data())
def test_the_transforms_make_a_filter(points, data):
    outputs = len(points) + 2 - TAPS
    numbers = st.integers(-9, 9)
    planes = np.array(
        data.draw(st.lists(numbers, min_size=len(points) + 1, max_size=len(points) + 1))
    )
    taps = np.array(data.draw(st.lists(numbers, min_size=TAPS, max_size=TAPS)))
    to_inputs, to_kernels, to_outputs = transforms(tuple(p / 4 for p in points), outputs)
    got = to_outputs @ ((to_kernels @ taps) * (to_inputs @ planes))
    np.testing.assert_allclose(got, np.correlate(planes, taps), atol=1e-8)


@pytest.mark.parametrize("size", range(1, 10))
def test_every_size_is_filtered_with_a_zero_on_either_side(size, rng):
    x = jnp.asarray(rng.standard_normal((2, size, 1)), jnp.float32)
    kernel = jnp.asarray(rng.standard_normal((3, 1, 1)), jnp.float32)
    got = filter_first_axis(x, kernel, jnp.matmul)
    expected = [np.correlate(np.pad(row, 1), kernel[:, 0, 0]) for row in np.asarray(x[..., 0])]
    np.testing.assert_allclose(got[..., 0], expected, atol=1e-5)


def test_rounding_is_a_few_times_that_of_the_plain_sum(rng):
    x = np.maximum(rng.standard_normal((2, 8, 6, 6, 64)), 0)
    kernel = rng.standard_normal((3, 3, 3, 64, 16)) / np.sqrt(27 * 64)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3, 3), axis=(1, 2, 3))
    exact = np.einsum("bdhwcijk,ijkco->bdhwo", windows, kernel, optimize=True)

    def rounding(y: jax.Array) -> float:
        return float(np.sqrt(np.mean((np.asarray(y) - exact) ** 2)) / exact.std())

    single = jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32)
    ours = rounding(winograd(*single, (1, 1, 1)))
    assert ours < 5 * rounding(plain(*single, (1, 1, 1)))
    assert ours < 2e-6
