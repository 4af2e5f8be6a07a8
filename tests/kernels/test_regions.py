"""Fusing and thresholding maps: equal to the formulas in numpy, step by step in float32."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from topojax.kernels import fuse_maps, regions_of_interest

properties = settings(deadline=None, max_examples=150, derandomize=True)
MAPS = np.array([[[[0, 51], [102, 255]], [[255, 0], [0, 0]]]], np.uint8)
unit = st.floats(0, 1, width=32, allow_subnormal=False)


def fused_by_formula(maps: np.ndarray, weights: np.ndarray, rescale: bool) -> np.ndarray:
    """M = sum_l w_l M^l in layer order and float32, then scaled by minimum and maximum."""
    total = np.zeros((len(maps), *maps.shape[2:]), np.float32)
    for layer, weight in enumerate(weights.astype(np.float32)):
        total += weight * maps[:, layer].astype(np.float32)
    if not rescale:
        return total / np.float32(255 if maps.dtype == np.uint8 else 1)
    fused = np.zeros_like(total)
    for one, out in zip(total, fused, strict=True):
        low, high = one.min(), one.max()
        if high - low > np.float32(1e-6) * high:
            out[...] = (one - low) / (high - low)
    return fused


@st.composite
def map_stacks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Maps of either dtype, 2-D or 3-D, and weights of which some are 0."""
    spatial = draw(st.sampled_from([(3, 4), (1, 1), (2, 3, 5), (1, 6, 2)]))
    shape = (2, draw(st.integers(1, 3)), *spatial)
    dtype, elements = draw(st.sampled_from([(np.uint8, None), (np.float32, unit)]))
    maps = draw(hnp.arrays(dtype, shape, elements=elements))
    weights = draw(hnp.arrays(np.float64, shape[1], elements=st.sampled_from([0, 0.1, 0.7, 3])))
    weights[-1] += 0.01
    return maps, weights


@properties
@given(map_stacks(), st.booleans())
def test_fused_maps_equal_the_formula(stack, rescale):
    maps, weights = stack
    fused = fuse_maps(maps, weights, rescale=rescale)
    assert fused.dtype == np.float32
    np.testing.assert_array_equal(fused, fused_by_formula(maps, weights, rescale))


@properties
@given(map_stacks(), st.booleans(), st.floats(1e-3, 1), st.sampled_from([1, 2, 5]))
def test_regions_are_where_the_fused_map_reaches_tau(stack, rescale, tau, n_threads):
    maps, weights = stack
    fused = fuse_maps(maps, weights, rescale=rescale)
    masks, empty = regions_of_interest(maps, weights, tau, rescale=rescale, n_threads=n_threads)
    assert masks.dtype == empty.dtype == np.bool_
    for one, mask, was_empty in zip(fused, masks, empty, strict=True):
        assert was_empty == (one.max() < np.float32(tau))
        expected = one == one.max() if was_empty else one >= np.float32(tau)
        np.testing.assert_array_equal(mask, expected)


def test_every_fused_value_is_a_threshold_that_it_reaches():
    seen = Counter()

    @properties
    @given(map_stacks(), st.sampled_from([0.25, 0.6, 1.0]))
    def compare(stack, tau):
        maps, weights = stack
        fused = fuse_maps(maps, weights)
        for value in np.unique(fused[fused > 0]):
            seen["thresholds"] += 1
            masks, _ = regions_of_interest(maps, weights, value)
            reached = fused.reshape(len(fused), -1).max(axis=1) >= value
            np.testing.assert_array_equal(masks[reached], (fused >= value)[reached])

    compare()
    assert seen["thresholds"] >= 100


def test_the_maximum_is_exactly_one(rng):
    maps = rng.random((20, 3, 5, 6), np.float32)
    fused = fuse_maps(maps, [0.3, 0.1, 0.6])
    assert (fused.reshape(20, -1).max(axis=1) == 1).all()
    assert (fused.reshape(20, -1).min(axis=1) == 0).all()
    masks, empty = regions_of_interest(maps, [0.3, 0.1, 0.6], 1)
    assert not empty.any()
    np.testing.assert_array_equal(masks, fused == 1)


def test_an_empty_region_becomes_the_maximum_and_is_reported():
    masks, empty = regions_of_interest(MAPS, [0.5, 0.0], 0.6, rescale=False)
    assert masks.tolist() == [[[False, False], [False, True]]]
    assert empty.tolist() == [True]
    masks, empty = regions_of_interest(MAPS, [0.5, 0.0], 0.6)
    assert masks.tolist() == [[[False, False], [False, True]]]
    assert empty.tolist() == [False]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_flat_map_is_zero_and_its_region_is_everything(dtype):
    maps = np.ones((2, 1, 3, 3), dtype)
    maps[1, 0, 1, 1] = 0
    assert not fuse_maps(maps, [0.4])[0].any()
    masks, empty = regions_of_interest(maps, [0.4], 0.5)
    assert masks[0].all()
    assert empty.tolist() == [True, False]


def test_bytes_are_units_of_1_255(rng):
    maps = rng.integers(0, 256, (3, 1, 4, 4), np.uint8)
    fused = fuse_maps(maps, [1.0], rescale=False)
    np.testing.assert_array_equal(fused, maps[:, 0] / np.float32(255))
    masks, _ = regions_of_interest(maps, [1.0], 0.6, rescale=False)
    np.testing.assert_array_equal(masks, maps[:, 0] >= 153)


def test_no_images():
    maps = np.zeros((0, 2, 4, 5), np.uint8)
    assert fuse_maps(maps, [1, 1]).shape == (0, 4, 5)
    masks, empty = regions_of_interest(maps, [1, 1], 0.5)
    assert (masks.shape, empty.shape) == ((0, 4, 5), (0,))


@pytest.mark.parametrize(
    ("maps", "weights", "tau", "error", "message"),
    [
        (MAPS.astype(float), [1, 1], 0.5, TypeError, "maps has dtype float64; expected uint8"),
        (MAPS[0], [1, 1], 0.5, ValueError, r"maps has shape \(2, 2, 2\); expected \(n, L, H, W\)"),
        (MAPS[:, :0], [], 0.5, ValueError, r"maps has shape \(1, 0, 2, 2\)"),
        (MAPS * np.float32(np.nan), [1, 1], 0.5, ValueError, "maps has NaN"),
        (MAPS * np.float32(1), [1, 1], 0.5, ValueError, r"values from 0 to 255; expected \[0, 1\]"),
        (MAPS, [1], 0.5, ValueError, r"weights has shape \(1,\); expected \(2,\), one a layer"),
        (MAPS, ["a", "b"], 0.5, TypeError, "weights has dtype <U1"),
        (MAPS, [1, -0.5], 0.5, ValueError, r"weights=\[1.0, -0.5\]; expected numbers from 0 to"),
        (MAPS, [1, np.nan], 0.5, ValueError, r"weights=\[1.0, nan\]"),
        (MAPS, [1, np.inf], 0.5, ValueError, r"weights=\[1.0, inf\]"),
        (MAPS, [0, 1e-60], 0.5, ValueError, "not all zero"),
        (MAPS, [1, 1], 0.0, ValueError, r"tau=0.0; expected a number in \(0, 1\]"),
        (MAPS, [1, 1], 1.1, ValueError, "tau=1.1"),
        (MAPS, [1, 1], np.nan, ValueError, "tau=nan"),
        (MAPS, [1, 1], [0.5], ValueError, r"tau has shape \(1,\); expected a number"),
    ],
)
def test_bad_rules_are_refused(maps, weights, tau, error, message):
    with pytest.raises(error, match=message) as caught:
        regions_of_interest(maps, weights, tau)
    assert "\n" not in str(caught.value)
