"""One answer to what a flat map is, for numbers, arrays of numpy and jax, and compiled code."""

from __future__ import annotations

import jax.numpy as jnp
import numba
import numpy as np
import pytest

from topojax.kernels.roi.flatness import is_flat

EXTREMES = np.array(
    [[0, 0], [1, 1], [-1, -1], [0, 1e-9], [0.5, 0.50000001], [0.5, 0.500001], [-0.6, -0.5]],
    np.float32,
)
FLAT = [True, True, True, False, True, False, False]


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_arrays_of_extremes(array):
    lowest, highest = array(EXTREMES[:, 0]), array(EXTREMES[:, 1])
    assert is_flat(lowest, highest).tolist() == FLAT


def test_numbers_and_compiled_code():
    compiled = numba.njit(is_flat)
    assert [bool(is_flat(*pair)) for pair in EXTREMES] == FLAT
    assert [bool(compiled(*pair)) for pair in EXTREMES] == FLAT


def test_it_is_the_larger_extreme_that_counts():
    rng = np.random.default_rng(3)
    ends = np.sort(rng.uniform(-1, 1, (2000, 2)).astype(np.float32) * np.float32(1e-5) + 1, axis=1)
    ends *= rng.choice(np.float32([-1, 1]), (2000, 1))
    lowest, highest = np.sort(ends, axis=1).T
    larger = np.maximum(np.abs(lowest), np.abs(highest))
    want = highest - lowest <= np.float32(1e-6) * larger
    np.testing.assert_array_equal(is_flat(lowest, highest), want)
    assert 50 < want.sum() < 1950
