"""Betti and Euler curves as transformers: equal to the pipeline's functions and to each other."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.config import TopologyConfig
from topojax.errors import DataError
from topojax.kernels import betti_curves_batch
from topojax.topology import (
    BettiCurve,
    EulerCurve,
    describe,
    fixed_grid,
    giotto_betti_curves,
)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((4, 6, 7, 5))


@pytest.fixture
def masks(rng: np.random.Generator) -> np.ndarray:
    masks = rng.random((4, 6, 7, 5)) < 0.6
    masks[:, 3, 3, 2] = True
    return masks


@pytest.mark.parametrize("construction", ["T", "V"])
def test_fixed_grid_is_that_of_fit(images: np.ndarray, construction: str) -> None:
    model = BettiCurve(n_thresholds=9, construction=construction, normalise=False).fit(images[:2])
    grid = fixed_grid(images[:2], 9)
    np.testing.assert_array_equal(model.grid_, grid)
    expected = betti_curves_batch(images, grid, construction=construction)
    rows = model.transform(images)
    assert rows.dtype == np.float64
    np.testing.assert_array_equal(rows, expected.reshape(4, -1))


@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("grid", ["fixed", "quantile", "sample"])
def test_normalised_rows_are_the_papers_descriptor(
    images: np.ndarray, masks: np.ndarray, grid: str, background: str
) -> None:
    model = BettiCurve(grid, n_thresholds=8, background=background)
    rows = model.fit_transform(images, masks=masks)
    config = TopologyConfig(grid=grid, n_thresholds=8, background=background)
    np.testing.assert_array_equal(rows, describe(images, masks, model.grid_, config).matrix())


@pytest.mark.parametrize("background", ["exclude", "zero"])
def test_giotto_grid_is_giottos_curve_of_each_image(
    images: np.ndarray, masks: np.ndarray, background: str
) -> None:
    model = BettiCurve("giotto", n_thresholds=8, background=background, normalise=False)
    outside = np.inf if background == "exclude" else 0
    rows = model.fit_transform(images, masks=masks)
    for row, image in zip(rows, np.where(masks, images, outside), strict=True):
        np.testing.assert_array_equal(row, giotto_betti_curves(image, 8)[0].ravel())


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("grid", ["fixed", "quantile", "sample"])
def test_euler_curve_is_the_alternating_sum_of_betti_curves(
    images: np.ndarray, masks: np.ndarray, grid: str, background: str, construction: str
) -> None:
    choice = {
        "n_thresholds": 7,
        "background": background,
        "construction": construction,
        "normalise": False,
    }
    betti = BettiCurve(grid, **choice).fit_transform(images, masks=masks).reshape(4, 3, 7)
    euler = EulerCurve(grid, **choice).fit_transform(images, masks=masks)
    np.testing.assert_array_equal(euler, betti[:, 0] - betti[:, 1] + betti[:, 2])


def test_the_fixed_grid_ignores_what_lies_outside_the_rois(
    images: np.ndarray, masks: np.ndarray
) -> None:
    changed = np.where(masks, images, 1e6)
    np.testing.assert_array_equal(
        BettiCurve().fit(images, masks=masks).grid_, BettiCurve().fit(changed, masks=masks).grid_
    )


@pytest.mark.parametrize("transformer", [BettiCurve, EulerCurve])
def test_a_quantile_grid_of_few_intensities_is_short(
    transformer: type, rng: np.random.Generator
) -> None:
    images = rng.integers(0, 3, (4, 8, 8), np.uint8)
    model = transformer("quantile", n_thresholds=9)
    rows = model.fit_transform(images)
    np.testing.assert_array_equal(model.grid_, [0, 1, 2])
    assert rows.shape == (4, len(model.get_feature_names_out()))


@pytest.mark.parametrize("transformer", [BettiCurve, EulerCurve])
def test_an_empty_roi_cannot_be_normalised(
    transformer: type, images: np.ndarray, masks: np.ndarray
) -> None:
    masks[2] = False
    model = transformer(n_thresholds=5).fit(images)
    with pytest.raises(DataError, match="image 2 in X is empty"):
        model.transform(images, masks=masks)
    raw = transformer(n_thresholds=5, normalise=False).fit(images).transform(images, masks=masks)
    assert not raw[2].any()


def test_integers_are_read_as_they_are(rng: np.random.Generator) -> None:
    images = rng.integers(0, 255, (3, 8, 8), np.uint8)
    for grid in ("fixed", "quantile", "sample", "giotto"):
        np.testing.assert_array_equal(
            BettiCurve(grid).fit_transform(images),
            BettiCurve(grid).fit_transform(images.astype(np.float64)),
        )
