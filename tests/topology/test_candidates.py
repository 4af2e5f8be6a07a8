"""Descriptors of a population of ROI rules equal those of each rule; both filtrations."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.gudhi_bars import gudhi_betti_numbers
from topojax.cam import regions_of_interest
from topojax.config import TopologyConfig
from topojax.errors import ConfigError, DataError
from topojax.topology import (
    describe,
    describe_candidates,
    filtered,
    learn_grid,
    sample_grids,
)

WEIGHTS = np.array([[0.2, 0.8], [1.0, 0.0], [0.5, 0.5]])
TAUS = np.array([0.3, 0.5, 0.9])


@pytest.fixture(params=[(3, 9, 8), (3, 6, 5, 7)], ids=["2-D", "3-D"])
def images(request: pytest.FixtureRequest, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 40, request.param).astype(np.float32) / 40


@pytest.fixture
def maps(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    maps = rng.integers(0, 256, (len(images), 2, *images.shape[1:]), np.uint8)
    maps[0] = 7  # flat: everything, counted as empty
    return maps


@pytest.mark.parametrize("filtration", ["intensity", "-intensity"])
@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("grid", ["fixed", "quantile", "sample", "giotto"])
def test_candidates_equal_describe_on_each_region(
    images: np.ndarray, maps: np.ndarray, grid: str, background: str, filtration: str
) -> None:
    config = TopologyConfig(
        grid=grid,
        background=background,
        filtrations=(filtration,),
        n_thresholds=8,
        construction="V",
    )
    values = filtered(images, filtration)
    thresholds = learn_grid(values, config)
    for rescale in (True, False):
        found, empty = describe_candidates(
            values, maps, WEIGHTS, TAUS, thresholds, config, rescale=rescale
        )
        for p, (weights, tau) in enumerate(zip(WEIGHTS, TAUS, strict=True)):
            masks, was_empty = regions_of_interest(maps, weights, tau, rescale=rescale)
            one = describe(values, masks, thresholds, config)
            np.testing.assert_array_equal(found.curves[p], one.curves)
            np.testing.assert_array_equal(found.voxels[p], one.voxels)
            np.testing.assert_array_equal(found.matrix()[p], one.matrix())
            np.testing.assert_array_equal(empty[p], was_empty)
    assert empty[:, 0].all()


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("background", ["exclude", "zero"])
def test_superlevel_curves_equal_gudhi_on_the_sets_themselves(
    images: np.ndarray, rng: np.random.Generator, background: str, construction: str
) -> None:
    signed = images - np.float32(0.3)
    masks = rng.random(images.shape) < 0.7
    # A dark voxel in a bright wall: what chance does not enclose.
    wall, core = (0, *[slice(1, 4)] * (images.ndim - 1)), (0, *[2] * (images.ndim - 1))
    signed[wall], signed[core], masks[wall] = 0.6, -0.2, True
    config = TopologyConfig(
        filtrations=("-intensity",),
        background=background,
        construction=construction,
        grid="sample",
        n_thresholds=6,
    )
    values = filtered(signed, "-intensity")
    found = describe(values, masks, None, config)
    np.testing.assert_array_equal(found.voxels, masks.reshape(len(masks), -1).sum(axis=1))
    outside = -np.inf if background == "exclude" else 0.0
    grids = sample_grids(values, masks, 6)
    for image, mask, grid, curves in zip(signed, masks, grids, found.curves, strict=True):
        # From bright to dark: max X' or 0 down to min X' or 0.
        assert -grid[0] == max(0.0, image[mask].max())
        assert -grid[-1] == min(0.0, image[mask].min())
        values = np.where(mask, image, outside).astype(np.float64)
        want = [gudhi_betti_numbers(values >= -t, construction) for t in grid]
        np.testing.assert_array_equal(curves.T, want)
    assert (found.curves > 0).any(axis=(0, 2)).all(), "a dimension in which nothing was counted"


@pytest.mark.parametrize("construction", ["T", "V"])
def test_a_bright_ring_is_a_loop_of_superlevel_sets_alone(construction: str) -> None:
    ring = np.zeros((1, 7, 7), np.float32)
    ring[0, 1:6, 1:6] = 1
    ring[0, 2:5, 2:5] = 0
    everywhere = np.ones(ring.shape, bool)

    def curves(filtration: str) -> list[list[int]]:
        config = TopologyConfig(
            filtrations=(filtration,), construction=construction, n_thresholds=2
        )
        values = filtered(ring, filtration)
        grid = learn_grid(values, config)
        return describe(values, everywhere, grid, config).curves[0].tolist()

    # At -1 the ring, at 0 everything; from below first the frame and the core, then everything.
    assert curves("-intensity") == [[1, 1], [1, 0]]
    assert curves("intensity") == [[2, 1], [1, 0]]


@pytest.mark.parametrize(
    ("weights", "taus", "message"),
    [
        (WEIGHTS[:, :1], TAUS, "one a layer"),
        (WEIGHTS[0], TAUS[:1], r"weights has shape \(2,\)"),
        (WEIGHTS, TAUS[:2], r"taus has shape \(2,\)"),
        (-WEIGHTS, TAUS, "expected numbers from 0"),
        (WEIGHTS, TAUS + 1, r"taus=1.3; expected a number in \(0, 1\]"),
    ],
)
def test_bad_rules_are_refused(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    message: str,
) -> None:
    with pytest.raises(ConfigError, match=message):
        describe_candidates(images, maps, weights, taus, None, TopologyConfig(grid="sample"))


def test_images_and_maps_that_cannot_be_used_are_refused(
    images: np.ndarray, maps: np.ndarray
) -> None:
    config = TopologyConfig(grid="sample")
    with pytest.raises(DataError, match="maps has shape"):
        describe_candidates(images[:2], maps, WEIGHTS, TAUS, None, config)
    with pytest.raises(DataError, match="images has NaN"):
        describe_candidates(images * np.nan, maps, WEIGHTS, TAUS, None, config)


def test_of_no_image_there_are_no_descriptors() -> None:
    images, maps = np.empty((0, 4, 5), np.float32), np.empty((0, 1, 4, 5), np.uint8)
    weights, taus, grid = np.ones((2, 1)), np.full(2, 0.5), np.arange(3.0)
    found, empty = describe_candidates(images, maps, weights, taus, grid, TopologyConfig())
    assert (found.curves.shape, empty.shape) == ((2, 0, 2, 3), (2, 0))
