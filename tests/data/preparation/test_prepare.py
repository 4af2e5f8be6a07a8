"""Intensities, colour and what is refused of a single image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.transform import resize

from topojax.config import PrepareConfig
from topojax.data.preparation import prepare
from topojax.data.scale import IntensityScale
from topojax.data.scans.scan import Scan
from topojax.errors import DataError

GREY = Scan(np.arange(12, dtype=np.int16).reshape(3, 4) * 100 - 500, 2)
BYTES = Scan(np.arange(12, dtype=np.uint8).reshape(3, 4), 2)
COLOUR = Scan(np.arange(36, dtype=np.uint8).reshape(3, 4, 3), 2)
GREY_AS_COLOUR = Scan(np.repeat(BYTES.voxels[..., None], 3, axis=-1), 2)


def test_a_window_is_in_the_units_of_the_file() -> None:
    found = prepare(GREY, PrepareConfig(window=(-400, 400)), name="x").voxels
    assert found.min() == 0
    assert found.max() == 1
    assert found.ravel()[:7].tolist() == pytest.approx([0, 0, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8])
    of_bytes = prepare(BYTES, PrepareConfig(window=(0, 10)), name="x").voxels
    assert of_bytes.ravel()[5] == pytest.approx(0.5)


def test_percentiles_and_normalisation_are_of_the_image_itself() -> None:
    half = prepare(GREY, PrepareConfig(percentiles=(25, 75)), name="x").voxels
    low, high = np.percentile(GREY.voxels, (25, 75))
    assert half == pytest.approx(np.clip((GREY.voxels - low) / (high - low), 0, 1))
    scored = prepare(GREY, PrepareConfig(normalise="z-score"), name="x").voxels
    assert (scored.mean(), scored.std()) == pytest.approx((0, 1), abs=1e-6)
    ranged = prepare(GREY, PrepareConfig(normalise="range"), name="x").voxels
    assert (ranged.min(), ranged.max()) == (0, 1)


def test_bytes_are_divided_and_others_held_to_the_first_scale() -> None:
    first = prepare(BYTES, PrepareConfig(), name="x")
    assert first.scale == IntensityScale("uint8", 255)
    assert first.voxels == pytest.approx(BYTES.voxels / 255)
    with pytest.raises(DataError, match="int16"):
        prepare(GREY, PrepareConfig(), name="x", scale=first.scale)


def test_colour_is_refused_kept_or_made_grey() -> None:
    with pytest.raises(DataError, match="colour where grey is expected"):
        prepare(COLOUR, PrepareConfig(), name="x")
    with pytest.raises(DataError, match="three channels are equal"):
        prepare(GREY_AS_COLOUR, PrepareConfig(), name="x")
    kept = prepare(COLOUR, PrepareConfig(colour="keep"), name="x", size=6)
    assert kept.voxels.shape == (6, 6, 3)
    with pytest.raises(DataError, match="grey where colour is expected"):
        prepare(BYTES, PrepareConfig(colour="keep"), name="x")
    luma = PrepareConfig(colour="luma")
    assert prepare(COLOUR, luma, name="x").voxels.shape == (3, 4)
    plain = prepare(BYTES, luma, name="x").voxels
    assert np.array_equal(prepare(GREY_AS_COLOUR, luma, name="x").voxels, plain)


@pytest.mark.parametrize("shape", [(7, 9), (24, 30), (20, 6)])
def test_resizing_is_that_of_scikit_image(rng, shape) -> None:
    image = rng.normal(size=(17, 20)).astype(np.float32)
    found = prepare(Scan(image, 2), PrepareConfig(shape=shape), name="x").voxels
    wanted = resize(image, shape, order=1, mode="edge", anti_aliasing=True, preserve_range=True)
    assert found == pytest.approx(wanted, abs=1e-4)


def test_what_cannot_be_prepared_is_named() -> None:
    volume = Scan(np.zeros((3, 3, 3), np.float32), 3)
    constant = Scan(np.ones((3, 3), np.float32), 2)
    holes = Scan(np.array([[np.nan, 1.0]]), 2)
    unplaced = Scan(volume.voxels, 3, None, (1.0, 1.0, 1.0), lacks_orientation=True)
    placed = Scan(volume.voxels, 3, np.eye(4), (1.0, 1.0, 1.0))
    for scan, config, words in (
        (volume, PrepareConfig(spacing=1.0), "does not say how far its voxels are apart"),
        (volume, PrepareConfig(shape=(3, 3)), "has 3 axes, prepare.shape"),
        (volume, PrepareConfig(spacing=(1.0, 1.0)), "has 3 axes, prepare.spacing"),
        (constant, PrepareConfig(normalise="range"), "one intensity"),
        (constant, PrepareConfig(normalise="z-score"), "one intensity"),
        (constant, PrepareConfig(percentiles=(1, 99)), "one intensity"),
        (holes, PrepareConfig(), "1 NaN"),
        (unplaced, PrepareConfig(), "does not say how it is oriented"),
        (placed, PrepareConfig(expected_spacing=(1, 1, 2)), "expected voxels of 1 x 1 x 2 mm"),
        (volume, PrepareConfig(expected_spacing=(1, 1, 1)), "has no spacing; expected"),
    ):
        with pytest.raises(DataError, match=words):
            prepare(scan, config, name="x")
    assert prepare(unplaced, PrepareConfig(orientation="stored"), name="x").voxels.shape == (
        3,
        3,
        3,
    )
    expecting = PrepareConfig(expected_spacing=(1.0, 1.0, 1.0))
    assert prepare(placed, expecting, name="x").voxels.shape == (3, 3, 3)
    resampling = PrepareConfig(expected_spacing=(2.0, 2.0, 2.0), spacing=1.0)
    assert prepare(placed, resampling, name="x").voxels.shape == (3, 3, 3)
