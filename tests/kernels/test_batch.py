"""The batch equals the loop, for any number of threads and from several threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from topojax.kernels import betti_curves, betti_curves_batch

THRESHOLDS = np.linspace(0.1, 0.9, 7)


@pytest.fixture(params=[(23, 9, 8), (23, 6, 7, 5)], ids=["2-D", "3-D"])
def images(request, rng) -> np.ndarray:
    return rng.random(request.param).astype(np.float32)


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("n_threads", [None, 1, 2, 5, 40])
def test_batch_equals_single_images(rng, images, construction, n_threads):
    masks = rng.random(images.shape) < 0.7
    masks[3] = False
    got = betti_curves_batch(
        images, THRESHOLDS, masks=masks, construction=construction, n_threads=n_threads
    )
    want = [
        betti_curves(image, THRESHOLDS, mask=mask, construction=construction)
        for image, mask in zip(images, masks, strict=True)
    ]
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, want)


def test_grids_of_each_image_and_dimension(rng, images):
    dimensions = images.ndim - 1
    grids = np.sort(rng.random((len(images), dimensions, 6)), axis=-1)
    # Shared thresholds across dimensions are ties in the merged grid.
    grids[:, 1] = grids[:, 0]
    got = betti_curves_batch(images, grids, n_threads=2)
    for image, grid, curves in zip(images, grids, got, strict=True):
        for dim in range(dimensions):
            np.testing.assert_array_equal(curves[dim], betti_curves(image, grid[dim])[dim])
    each = betti_curves_batch(images, grids[:, 0], n_threads=2)
    np.testing.assert_array_equal(each[:, 0], got[:, 0])


def test_no_images():
    assert betti_curves_batch(np.zeros((0, 4, 5)), THRESHOLDS).shape == (0, 2, 7)


def test_inputs_stay_as_they_are(rng, images):
    before = images.copy()
    masks = rng.random(images.shape) < 0.5
    masks_before = masks.copy()
    betti_curves_batch(images, THRESHOLDS, masks=masks)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(masks, masks_before)
    assert images.flags.writeable
    assert masks.flags.writeable


def test_calls_from_several_threads(rng):
    volumes = rng.random((6, 8, 12, 12, 12)).astype(np.float32)
    want = [betti_curves_batch(volume, THRESHOLDS, n_threads=1) for volume in volumes]
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda v: betti_curves_batch(v, THRESHOLDS, n_threads=3), volumes))
    np.testing.assert_array_equal(got, want)
