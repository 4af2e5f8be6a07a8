"""Descriptors on ROIs: shapes, normalisation, background, grids."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.config import TopologyConfig
from topojax.kernels import betti_curves
from topojax.topology import (
    BettiDescriptors,
    describe,
    feature_names,
    fixed_grid,
    giotto_betti_curves,
    grey_images,
    masked_betti_curves,
)


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((4, 9, 8, 7), np.float32)


@pytest.fixture
def masks(rng: np.random.Generator) -> np.ndarray:
    masks = rng.random((4, 9, 8, 7)) < 0.6
    masks[:, 4, 4, 3] = True
    return masks


def test_descriptor_is_curves_over_roi_size_then_the_size(
    images: np.ndarray, masks: np.ndarray
) -> None:
    config = TopologyConfig(n_thresholds=12)
    grid = fixed_grid(images, 12)
    descriptors = describe(images, masks, grid, config)
    matrix = descriptors.matrix()
    assert matrix.shape == (4, 3 * 12 + 1)
    assert matrix.dtype == np.float32
    for image, mask, row in zip(images, masks, matrix, strict=True):
        expected = betti_curves(image, grid, mask=mask) / mask.sum()
        np.testing.assert_allclose(row[:-1], expected.ravel(), rtol=1e-6)
        assert row[-1] == mask.sum()


def test_excluded_background_differs_from_a_solid_of_zeros() -> None:
    image = np.full((1, 5, 5, 5), 0.8, np.float32)
    mask = np.zeros(image.shape, bool)
    mask[0, 1, 1, 1] = mask[0, 3, 3, 3] = True
    thresholds = np.array([0.1, 0.9])
    alone = masked_betti_curves(image, mask, thresholds, background="exclude", construction="T")
    solid = masked_betti_curves(image, mask, thresholds, background="zero", construction="T")
    np.testing.assert_array_equal(alone[0], [[0, 2], [0, 0], [0, 0]])
    # The solid enters at 0 with two cavities, which the ROI's voxels fill at 0.8.
    np.testing.assert_array_equal(solid[0], [[1, 1], [0, 0], [2, 0]])


def test_what_lies_outside_the_roi_does_not_matter(
    images: np.ndarray, masks: np.ndarray, rng: np.random.Generator
) -> None:
    changed = np.where(masks, images, rng.random(images.shape, np.float32))
    grid = fixed_grid(images, 10)
    for background in ("exclude", "zero"):
        config = TopologyConfig(n_thresholds=10, background=background)
        np.testing.assert_array_equal(
            describe(images, masks, grid, config).curves,
            describe(changed, masks, grid, config).curves,
        )


def test_rgb_is_filtered_by_its_luma() -> None:
    rgb = np.zeros((1, 2, 2, 3), np.float32)
    rgb[0, 0, 0] = [1, 0, 0]
    rgb[0, 1, 1] = [1, 1, 1]
    np.testing.assert_allclose(grey_images(rgb, 2)[0], [[0.299, 0], [0, 1]], rtol=1e-6)


def test_feature_names_match_the_columns(images: np.ndarray, masks: np.ndarray) -> None:
    matrix = describe(images, masks, fixed_grid(images, 6), TopologyConfig(n_thresholds=6)).matrix()
    names = feature_names(3, 6)
    assert len(names) == matrix.shape[1]
    assert names[0] == "betti0_0"
    assert names[-2:] == ("betti2_5", "roi_voxels")


def test_descriptors_of_candidates_are_those_of_each(rng: np.random.Generator) -> None:
    curves, voxels = rng.integers(0, 9, (3, 2, 2, 5)), rng.integers(1, 9, (3, 2))
    together = BettiDescriptors(curves, voxels)
    for matrix, ours, sizes in zip(together.matrix(), curves, voxels, strict=True):
        np.testing.assert_array_equal(matrix, BettiDescriptors(ours, sizes).matrix())
    parts = [BettiDescriptors(ours, sizes) for ours, sizes in zip(curves, voxels, strict=True)]
    joined = BettiDescriptors.concatenate(parts)
    np.testing.assert_array_equal(joined.matrix(), together.matrix().reshape(6, -1))


def test_descriptors_of_giotto_are_its_curves_on_the_rois(
    images: np.ndarray, masks: np.ndarray
) -> None:
    for background, outside in (("exclude", np.inf), ("zero", 0.0)):
        config = TopologyConfig(n_thresholds=6, grid="giotto", background=background)
        found = describe(images, masks, None, config)
        for image, curves in zip(np.where(masks, images, outside), found.curves, strict=True):
            np.testing.assert_array_equal(curves, giotto_betti_curves(image, 6)[0])
