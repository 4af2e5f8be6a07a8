"""Threshold grids: what they span, and that they increase."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.config import TopologyConfig
from topojax.errors import DataError
from topojax.topology import describe, fixed_grid, learn_grid, quantile_grid, sample_grids
from topojax.topology.radix_quantiles import radix_quantiles

counts_of_values = st.lists(st.integers(1, 200), min_size=2, max_size=60)


def test_a_fixed_grid_spans_the_training_range(rng: np.random.Generator) -> None:
    images = rng.random((4, 9, 8), np.float32)
    grid = fixed_grid(images, 50)
    assert grid[0] == images.min()
    assert grid[-1] == images.max()
    assert np.all(np.diff(grid) > 0)


@pytest.mark.parametrize("grid", ["fixed", "quantile"])
def test_constant_images_have_no_grid(grid: str) -> None:
    with pytest.raises(DataError, match="constant"):
        learn_grid(np.zeros((2, 5, 5), np.float32), TopologyConfig(grid=grid))


def test_the_configuration_says_which_grid_is_learnt(rng: np.random.Generator) -> None:
    images = rng.random((2, 9, 8), np.float32)

    def learnt(grid: str) -> np.ndarray | None:
        return learn_grid(images, TopologyConfig(grid=grid, n_thresholds=7))

    np.testing.assert_array_equal(learnt("fixed"), fixed_grid(images, 7))
    np.testing.assert_array_equal(learnt("quantile"), quantile_grid(images, 7))
    assert learnt("sample") is None
    assert learnt("giotto") is None


def test_quantiles_of_distinct_values_part_them_equally(rng: np.random.Generator) -> None:
    images = rng.permutation(600).reshape(2, 15, 20).astype(np.float32)
    grid = quantile_grid(images, 12)
    np.testing.assert_array_equal(grid, np.arange(49, 600, 50))
    assert grid.dtype == np.float64


def test_a_background_of_one_value_takes_one_threshold() -> None:
    images = np.concatenate([np.zeros(9000), np.arange(1, 901)])
    np.testing.assert_array_equal(quantile_grid(images, 10), np.arange(0, 901, 100))


def test_quantile_grids_increase_up_to_the_largest_value() -> None:
    seen = Counter()

    @settings(deadline=None, max_examples=200, derandomize=True)
    @given(counts_of_values, st.integers(2, 30))
    def compare(counts: list[int], n: int) -> None:
        images = np.repeat(np.arange(len(counts), dtype=np.float32), counts)
        grid = quantile_grid(images, n)
        assert len(grid) == min(n, len(counts))
        assert np.all(np.diff(grid) > 0)
        assert np.isin(grid, images).all()
        assert grid[-1] == len(counts) - 1
        if n >= len(counts):
            return
        seen["fewer thresholds than values"] += 1
        # What enters at once beyond one's own value is no more than an equal share of all.
        entering = np.diff(np.searchsorted(images, grid, side="right"), prepend=0)
        beside = entering - np.array(counts)[grid.astype(int)]
        assert beside.max() <= sum(counts) / n

    compare()
    assert seen["fewer thresholds than values"] >= 50


def test_counted_quantiles_are_those_of_sorted_values() -> None:
    seen = Counter()
    draws = {
        "continuous": lambda rng, m: rng.standard_normal(m),
        "near each other": lambda rng, m: 1 + 1e-6 * rng.standard_normal(m),
        "few values": lambda rng, m: rng.integers(-2, 3, m),
        "background": lambda rng, m: np.where(rng.random(m) < 0.9, -0.0, rng.standard_normal(m)),
        "absent": lambda rng, m: np.where(rng.random(m) < 0.5, np.inf, rng.standard_normal(m)),
    }

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(st.sampled_from(sorted(draws)), st.integers(9, 3000), st.integers(2, 60))
    def compare(kind: str, m: int, n: int) -> None:
        values = draws[kind](np.random.default_rng(m), m).astype(np.float32)
        if len(np.unique(values[np.isfinite(values)])) > 1:
            np.testing.assert_array_equal(radix_quantiles(values, n), quantile_grid(values, n))
            seen[kind] += 1

    compare()
    assert min(seen[kind] for kind in draws) >= 3


def test_sample_grids_run_over_the_rois_values_and_zero(rng: np.random.Generator) -> None:
    images = rng.standard_normal((6, 9, 8, 7)).astype(np.float32)
    images[:2] = np.abs(images[:2])
    images[2:4] = -np.abs(images[2:4])
    masks = rng.random(images.shape) < 0.3
    for image, mask, grid in zip(images, masks, sample_grids(images, masks, 5), strict=True):
        values = image[mask].astype(np.float64)
        low, high = min(0.0, values.min()), max(0.0, values.max())
        np.testing.assert_array_equal(grid, np.linspace(low, high, 5))


def test_the_grid_of_an_all_zero_roi_gives_constant_curves() -> None:
    image = np.zeros((1, 6, 6), np.float32)
    mask = np.zeros(image.shape, bool)
    mask[0, 1:3, 1:3] = True
    curves = describe(image, mask, None, TopologyConfig(n_thresholds=4, grid="sample")).curves
    np.testing.assert_array_equal(curves[0], [[1, 1, 1, 1], [0, 0, 0, 0]])
