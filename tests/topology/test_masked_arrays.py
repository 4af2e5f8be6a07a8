"""numpy's masked arrays where images enter: absent in transformers, refused where none can be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.config import TopologyConfig
from topojax.data import validate_images, validate_labels
from topojax.errors import DataError
from topojax.topology import (
    BettiCurve,
    PersistenceImage,
    describe,
    fixed_grid,
    giotto_betti_curves,
    giotto_betti_curves_batch,
    grey_images,
    quantile_grid,
    roi_images,
    sample_grids,
)

IMAGES = np.random.default_rng(0).random((3, 9, 8), np.float32)
INSIDE = np.random.default_rng(1).random((3, 9, 8)) < 0.8
MASKED = np.ma.masked_array(IMAGES, ~INSIDE)


@pytest.mark.parametrize(
    "transformer",
    [BettiCurve(n_thresholds=6), BettiCurve("giotto", n_thresholds=6), PersistenceImage(4)],
    ids=repr,
)
def test_masked_voxels_are_outside_the_roi(transformer: BettiCurve) -> None:
    expected = transformer.fit_transform(IMAGES, masks=INSIDE)
    np.testing.assert_array_equal(transformer.fit_transform(MASKED), expected)
    assert not np.array_equal(transformer.fit_transform(IMAGES), expected)


def test_a_masked_colour_leaves_the_pixel_out() -> None:
    colours = np.random.default_rng(2).random((3, 9, 8, 3), np.float32)
    masked = np.ma.masked_array(colours, np.zeros(colours.shape, bool))
    masked[..., 1][~INSIDE] = np.ma.masked
    curves = BettiCurve(n_thresholds=6, spatial_dims=2)
    np.testing.assert_array_equal(
        curves.fit_transform(masked), curves.fit_transform(colours, masks=INSIDE)
    )


def test_functions_on_absent_voxels() -> None:
    np.testing.assert_array_equal(roi_images(MASKED), roi_images(IMAGES, INSIDE))
    absent = np.where(INSIDE, IMAGES, np.float32(np.inf))
    for got, expected in zip(
        giotto_betti_curves(MASKED[0], 5), giotto_betti_curves(absent[0], 5), strict=True
    ):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(
        giotto_betti_curves_batch(MASKED, 5), giotto_betti_curves_batch(absent, 5)
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: validate_images(MASKED, name="images"),
        lambda: validate_images(list(MASKED), name="images"),
        lambda: validate_labels(np.ma.masked_array([0, 1], [0, 1]), 2, name="labels"),
        lambda: TopoCAM().fit(MASKED, [0, 1, 0]),
        lambda: TopoCAM().fit(IMAGES, np.ma.masked_array([0, 1, 0], [0, 1, 0])),
        lambda: fixed_grid(MASKED, 4),
        lambda: quantile_grid(MASKED, 4),
        lambda: sample_grids(MASKED, INSIDE, 4),
        lambda: grey_images(MASKED, 2),
        lambda: describe(MASKED, INSIDE, None, TopologyConfig(grid="giotto")),
    ],
)
def test_what_cannot_leave_voxels_out_refuses_them(call: Callable) -> None:
    with pytest.raises(DataError, match="masked values") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_masked_array_that_masks_nothing_is_an_array() -> None:
    whole = np.ma.masked_array(IMAGES, np.zeros(IMAGES.shape, bool))
    found, _ = validate_images(whole, name="images")
    assert not isinstance(found, np.ma.MaskedArray)
    np.testing.assert_array_equal(found, IMAGES)
