"""From raw maps to ROIs: enlarging, scaling, fusing, thresholding."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.cam import fuse_maps, regions_of_interest, scale_maps, upsample_maps
from topojax.errors import ConfigError, DataError

quick = settings(deadline=None, max_examples=40, derandomize=True)
# Subnormal numbers are flushed to zero by XLA.
values = st.floats(-1e3, 1e3, width=32, allow_subnormal=False)


def _enlarge_1d(row: np.ndarray, n: int) -> np.ndarray:
    # Half-pixel centres: output i looks at (i + 1/2) m / n - 1/2, held at the ends.
    position = (np.arange(n) + 0.5) * len(row) / n - 0.5
    return np.interp(position, np.arange(len(row)), row)


@pytest.mark.parametrize(
    ("coarse", "fine"), [((3, 4), (7, 9)), ((4, 2, 2), (28, 5, 6)), ((2, 2), (2, 5))]
)
def test_enlarging_is_linear_between_half_pixel_centres(coarse, fine, rng):
    maps = rng.standard_normal((2, *coarse)).astype(np.float32)
    expected = maps.astype(np.float64)
    for axis, n in enumerate(fine, 1):
        expected = np.apply_along_axis(_enlarge_1d, axis, expected, n)
    got = upsample_maps(jnp.asarray(maps), fine)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    theirs = jax.image.resize(maps, (2, *fine), "linear")
    np.testing.assert_allclose(got, theirs, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 9), (9, 3), (9, 9, 9)])
def test_shrinking_is_refused(shape):
    with pytest.raises(DataError, match="cannot be enlarged"):
        upsample_maps(jnp.zeros((1, 4, 4)), shape)


@quick
@given(hnp.arrays(np.float32, (2, 3, 4), elements=values))
def test_scaled_maps_fill_the_unit_interval_or_are_zero(maps):
    scaled = np.asarray(scale_maps(jnp.asarray(maps)))
    assert np.isfinite(scaled).all()
    for raw, one in zip(maps, scaled, strict=True):
        flat = np.ptp(raw) <= 1e-6 * np.abs(raw).max()
        assert one.min() == 0
        assert one.max() == (0 if flat else 1)
        order = np.argsort(raw, axis=None)
        assert np.all(np.diff(one.ravel()[order]) >= 0)


def test_an_enlarged_flat_map_is_flat():
    # Interpolation leaves rounding noise, which scaling must not blow up to a map.
    flat = jnp.full((1, 2, 2, 2), 0.1234567, jnp.float32)
    assert not np.any(scale_maps(upsample_maps(flat, (28, 27, 29))))


def test_fusing_is_the_weighted_sum_scaled(rng):
    maps = rng.random((2, 3, 4, 5, 6)).astype(np.float32)
    weights = np.array([0.7, 0.0, 0.3], np.float32)
    total = np.tensordot(maps, weights, axes=(1, 0))
    low, high = total.min((1, 2, 3), keepdims=True), total.max((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(fuse_maps(maps, weights), (total - low) / (high - low), atol=1e-6)
    np.testing.assert_allclose(fuse_maps(maps, weights, rescale=False), total, atol=1e-6)


def test_bytes_and_floats_of_a_device_give_the_same(rng):
    maps = rng.integers(0, 256, (2, 2, 4, 5), np.uint8)
    weights = np.array([0.25, 0.5])
    floats = jnp.asarray(maps) / 255
    np.testing.assert_allclose(fuse_maps(floats, weights), fuse_maps(maps, weights), atol=1e-6)
    for one, other in zip(
        regions_of_interest(maps, weights, 0.4),
        regions_of_interest(floats, weights, 0.4),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_higher_thresholds_give_smaller_regions(rng):
    maps = rng.random((3, 2, 6, 6)).astype(np.float32)
    weights = np.array([0.5, 0.5])
    masks = [regions_of_interest(maps, weights, tau)[0] for tau in (0.2, 0.5, 0.9)]
    for large, small in pairwise(masks):
        assert np.all(large | ~small)


@pytest.mark.parametrize(
    ("weights", "tau"),
    [
        ([1.0], 0.5),
        ([1.0, -0.1], 0.5),
        ([np.nan, 1.0], 0.5),
        ([0.0, 0.0], 0.5),
        ([0.5, 0.5], 0.0),
        ([0.5, 0.5], 1.1),
        ([0.5, 0.5], float("nan")),
    ],
)
def test_bad_rules_are_refused(weights, tau):
    with pytest.raises(ConfigError):
        regions_of_interest(np.zeros((1, 2, 3, 3), np.float32), np.array(weights), tau)


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (np.zeros((1, 2, 3, 3)), "maps has dtype float64"),
        (np.full((1, 2, 3, 3), 2, np.float32), r"values from 2 to 2; expected \[0, 1\]"),
        (np.full((1, 2, 3, 3), np.nan, np.float32), "maps has NaN"),
        (np.zeros((1, 2, 3), np.float32), "maps has shape"),
    ],
)
def test_maps_that_cannot_be_used_are_refused(maps, message):
    with pytest.raises(DataError, match=message):
        regions_of_interest(maps, np.ones(2), 0.5)
    with pytest.raises(DataError, match=message):
        fuse_maps(maps, np.ones(2))
