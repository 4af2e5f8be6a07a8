"""A population of candidates equals the loop over regions of interest and curves of the batch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import typeof

from topojax.kernels import (
    betti_curves_batch,
    region_sizes,
    regions_of_interest,
    roi_betti_curves,
)
from topojax.kernels.arguments import check_images
from topojax.kernels.padded.value_lanes import VECTOR
from topojax.kernels.roi.image_levels import flat_images

properties = settings(deadline=None, max_examples=60, derandomize=True)
GRID = np.arange(-1.5, 4.0, 0.5)


def own_grids(images: np.ndarray, masks: np.ndarray, n: int) -> np.ndarray:
    """N even steps from min(0, min X') to max(0, max X'), or from 0 to 1."""
    grids = []
    for image, mask in zip(images, masks, strict=True):
        low, high = min(0.0, float(image[mask].min())), max(0.0, float(image[mask].max()))
        grids.append(np.linspace(low, high, n) if low < high else np.linspace(0, 1, n))
    return np.stack(grids)


def loop(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    thresholds: Any,
    *,
    construction: str,
    background: str,
    rescale: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without sharing anything between candidates."""
    found = []
    for weight, tau in zip(weights, taus, strict=True):
        masks, empty = regions_of_interest(maps, weight, tau, rescale=rescale)
        one_each = isinstance(thresholds, int)
        grid = own_grids(images, masks, thresholds) if one_each else thresholds
        inside = {"masks": masks} if background == "exclude" else {}
        values = images if inside else np.where(masks, images, images.dtype.type(0))
        curves = betti_curves_batch(values, grid, construction=construction, **inside)
        found.append((curves, masks.sum(axis=tuple(range(1, masks.ndim))), empty))
    return tuple(map(np.stack, zip(*found, strict=True)))


@st.composite
def populations(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Images, maps of 1 to 3 layers with flat and equal ones among them, weights, thresholds."""
    shapes = [(7, 7), (5, 4, 4), (1, 1, 9), (1, 5, 5), (6, 4, 3), (3, 3, 40)]
    largest = draw(st.sampled_from(shapes))
    shape = tuple(draw(st.integers(1, n)) for n in largest)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, n_layers, population = draw(st.integers(1, 3)), draw(st.integers(1, 3)), 5
    images = rng.integers(draw(st.integers(-1, 0)), draw(st.integers(1, 6)), (n, *shape))
    images = images.astype(draw(st.sampled_from([np.float32, np.float64])))
    if draw(st.booleans()):
        images += rng.random(images.shape).astype(images.dtype)
    maps = rng.integers(0, draw(st.sampled_from([2, 5, 256])), (n, n_layers, *shape), np.uint8)
    maps[:, 0] *= draw(st.sampled_from([0, 1, 1]))
    if draw(st.booleans()):
        maps = (maps / np.float32(255)).astype(np.float32)
    weights = rng.random((population, n_layers)) + 1e-3
    weights[0], weights[0, -1] = 0, 1
    taus = rng.choice([0.1, 0.4, 0.6, 0.9, 1.0], population)
    return images, maps, weights, taus


@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("construction", ["T", "V"])
def test_population_equals_the_loop(construction, background):
    seen = Counter()

    @properties
    @given(populations(), st.sampled_from([GRID, 7]), st.booleans(), st.sampled_from([1, 2, 5]))
    def compare(sample, grid, rescale, n_threads):
        options = {"construction": construction, "background": background, "rescale": rescale}
        got = roi_betti_curves(*sample, grid, n_threads=n_threads, **options)
        want = loop(*sample, grid, **options)
        for ours, theirs in zip(got, want, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert got.curves.dtype == np.int32
        assert got.voxels.dtype == np.int64
        assert got.voxels.min() >= 1
        seen.update(np.flatnonzero(got.curves.any(axis=(0, 1, 3))).tolist())

    compare()
    assert set(seen) >= {0, 1}, seen


@pytest.mark.slow
def test_a_large_population_equals_the_loop_on_smooth_volumes(rng):
    shape = (4, 18, 20, 33)
    images = np.cumsum(rng.standard_normal(shape), axis=-1).astype(np.float32)
    maps = rng.integers(0, 256, (4, 3, 3, 4, 4), np.uint8)
    maps = np.repeat(np.repeat(np.repeat(maps, 6, 2), 5, 3), 9, 4)[..., :33]
    weights, taus = rng.random((9, 3)), rng.uniform(0.1, 0.9, 9)
    for background in ("exclude", "zero"):
        options = {"construction": "T", "background": background, "rescale": True}
        # More levels than a byte holds.
        for grid in (np.linspace(-5, 5, 300), 12):
            got = roi_betti_curves(images, maps, weights, taus, grid, **options)
            want = loop(images, maps, weights, taus, grid, **options)
            for ours, theirs in zip(got, want, strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_absent_voxels_stay_absent(rng):
    images = rng.random((2, 6, 6))
    images[:, 2, 1:4] = np.inf
    maps = rng.integers(0, 256, (2, 1, 6, 6), np.uint8)
    for background in ("exclude", "zero"):
        options = {"construction": "V", "background": background, "rescale": True}
        got = roi_betti_curves(images, maps, [[1.0]], [0.3], GRID, **options)
        want = loop(images, maps, np.ones((1, 1)), np.array([0.3]), GRID, **options)
        np.testing.assert_array_equal(got.curves, want[0])


def test_images_of_few_voxels_need_no_code_of_their_own(rng):
    shapes = [(2, 3, 4), (2, 9, 9)]
    few, many = (check_images(rng.random(shape), "images", batch=True) for shape in shapes)
    padded = flat_images(few)
    assert typeof(padded) == typeof(flat_images(many))
    np.testing.assert_array_equal(padded[:, :12], few.reshape(2, 12))
    assert padded.shape == (2, VECTOR)
    assert not padded[:, 12:].any()


def test_thresholds_below_all_values_give_zeros(rng):
    images = rng.random((2, 5, 5))
    maps = rng.integers(0, 256, (2, 1, 5, 5), np.uint8)
    curves, _, _ = roi_betti_curves(images, maps, [[1.0]], [0.5], [-2, -1])
    assert not curves.any()


def test_no_images_and_inputs_that_stay_as_they_are(rng):
    maps = rng.integers(0, 256, (2, 1, 5, 5), np.uint8)
    none = roi_betti_curves(np.zeros((0, 5, 5)), maps[:0], [[1.0]], [0.5], 4)
    assert [array.shape for array in none] == [(1, 0, 2, 4), (1, 0), (1, 0)]
    images, before = rng.random((2, 5, 5)), maps.copy()
    roi_betti_curves(images, maps, [[1.0]], [0.5], 4)
    np.testing.assert_array_equal(maps, before)
    assert maps.flags.writeable
    assert images.flags.writeable


IMAGES, MAPS = np.arange(24.0).reshape(2, 3, 4), np.zeros((2, 1, 3, 4), np.uint8)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"images": IMAGES * np.nan}, ValueError, "images has NaN"),
        ({"images": IMAGES[:1]}, ValueError, r"maps has shape \(2, 1, 3, 4\); expected \(n, L"),
        ({"maps": MAPS.astype(int)}, TypeError, "maps has dtype int64"),
        ({"weights": [1.0]}, ValueError, r"weights has shape \(1,\); expected \(P, 1\)"),
        ({"weights": np.ones((0, 1)), "taus": []}, ValueError, "P >= 1"),
        ({"weights": [[1.0], [0.0]], "taus": [0.5, 0.5]}, ValueError, r"weights=\[0.0\]"),
        ({"taus": [0.5, 0.5]}, ValueError, r"taus has shape \(2,\); expected \(1,\)"),
        ({"taus": [0.0]}, ValueError, r"taus=0.0; expected a number in \(0, 1\]"),
        ({"thresholds": [1, 1]}, ValueError, "thresholds is not strictly increasing"),
        ({"thresholds": 1}, ValueError, "thresholds=1; expected at least 2"),
        ({"thresholds": True}, ValueError, "thresholds=True"),
        (
            {"thresholds": 5, "images": np.where(IMAGES > 3, np.inf, 1)},
            ValueError,
            "images has infinite values",
        ),
        ({"background": "none"}, ValueError, "background='none'; expected 'exclude' or 'zero'"),
        ({"construction": "W"}, ValueError, "construction='W'"),
        ({"n_threads": 0}, ValueError, "n_threads=0"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, error, message):
    arguments = {
        "images": IMAGES,
        "maps": MAPS,
        "weights": [[1.0]],
        "taus": [0.5],
        "thresholds": [0, 1],
    }
    with pytest.raises(error, match=message) as caught:
        roi_betti_curves(**(arguments | changes))
    assert "\n" not in str(caught.value)


@properties
@given(populations(), st.booleans(), st.sampled_from([1, 2, 5]))
def test_sizes_alone_equal_those_of_the_population(sample, rescale, n_threads):
    images, *rest = sample
    got = roi_betti_curves(images, *rest, 4, rescale=rescale)
    voxels, empty = region_sizes(*rest, rescale=rescale, n_threads=n_threads)
    np.testing.assert_array_equal(voxels, got.voxels)
    np.testing.assert_array_equal(empty, got.empty)
    assert (voxels.dtype, empty.dtype) == (np.int64, np.bool_)


def test_rules_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"taus has shape \(1,\); expected \(2,\), as weights"):
        region_sizes(MAPS, [[1.0], [2.0]], [0.5])
