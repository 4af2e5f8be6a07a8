"""Transformers with banks: blocks are those of each filtration, and what filters see of ROIs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from topojax.config import TopologyConfig
from topojax.errors import ConfigError, DataError
from topojax.topology import (
    BettiCurve,
    EulerCurve,
    PersistenceEntropy,
    PersistenceImage,
    describe,
    feature_names,
    filtered,
    fixed_grid,
    roi_images,
)

BANK = ("intensity", "log:1", "-log:1", "radial", "-distance")


@pytest.fixture(params=[(5, 9, 8), (4, 6, 5, 7)], ids=["2-D", "3-D"])
def images(request: pytest.FixtureRequest, rng: np.random.Generator) -> np.ndarray:
    return rng.random(request.param, np.float32)


@pytest.fixture
def masks(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    masks = rng.random(images.shape) < 0.7
    masks[..., 2:4] = True
    return masks


@pytest.mark.parametrize("background", ["exclude", "zero"])
def test_a_block_is_the_descriptor_of_its_filtration(
    images: np.ndarray, masks: np.ndarray, background: str
) -> None:
    config = TopologyConfig(n_thresholds=7, background=background)
    model = BettiCurve(n_thresholds=7, background=background, filtrations=BANK)
    rows = model.fit(images[:3], masks=masks[:3]).transform(images, masks=masks)
    assert rows.dtype == np.float32
    width = 7 * (images.ndim - 1)
    for i, name in enumerate(BANK):
        values = filtered(images, name)
        entering = values if background == "exclude" else np.where(masks, values, 0)
        seen = entering[:3][masks[:3]] if background == "exclude" else entering[:3]
        grid = fixed_grid(seen[seen < np.inf], 7)
        np.testing.assert_array_equal(model.grids_[name], grid, err_msg=name)
        expected = describe(values, masks, grid, config).matrix()
        np.testing.assert_array_equal(rows[:, i * width : (i + 1) * width], expected[:, :-1])
        np.testing.assert_array_equal(rows[:, -1], expected[:, -1])


def test_names_say_filtration_dimension_and_threshold(images: np.ndarray) -> None:
    model = BettiCurve(n_thresholds=3, filtrations=BANK).fit(images)
    names = model.get_feature_names_out().tolist()
    dims = images.ndim - 1
    assert names[-1] == "roi_voxels"
    assert names[:-1] == [f"{name}_{c}" for name in BANK for c in feature_names(dims, 3)[:-1]]
    assert "log:1_betti0_2" in names
    only = BettiCurve(n_thresholds=3, filtrations=("log:1",)).fit(images)
    assert only.get_feature_names_out()[0] == "log:1_betti0_0"
    entropy = PersistenceEntropy(dims=(0,), filtrations=("intensity", "log:1")).fit(images)
    assert entropy.get_feature_names_out().tolist() == ["intensity_entropy0", "log:1_entropy0"]


@pytest.mark.parametrize("kind", [BettiCurve, EulerCurve, PersistenceImage, PersistenceEntropy])
def test_a_bank_of_the_intensity_changes_nothing(kind: type, rng: np.random.Generator) -> None:
    images = rng.random((4, 7, 8))  # float64, which filters would round
    plain, bank = kind().fit(images), kind(filtrations=["intensity"]).fit(images)
    np.testing.assert_array_equal(plain.transform(images), bank.transform(images))
    np.testing.assert_array_equal(plain.get_feature_names_out(), bank.get_feature_names_out())
    both = kind(filtrations=("intensity", "-intensity")).fit_transform(images)
    width = len([name for name in plain.get_feature_names_out() if name != "roi_voxels"])
    np.testing.assert_array_equal(both[:, :width], plain.transform(images)[:, :width])
    reverse = kind().fit_transform(-images)
    np.testing.assert_array_equal(both[:, width : 2 * width], reverse[:, :width])


@pytest.mark.parametrize("kind", [BettiCurve, EulerCurve, PersistenceImage, PersistenceEntropy])
def test_several_diagrams_and_curves_are_those_of_each(kind: type, images: np.ndarray) -> None:
    together = kind(filtrations=BANK).fit_transform(images)
    alone = [kind(filtrations=(name,)).fit_transform(images) for name in BANK]
    shared = int(kind in (BettiCurve, EulerCurve))
    blocks = [rows[:, : rows.shape[1] - shared] for rows in alone]
    np.testing.assert_array_equal(together[:, : together.shape[1] - shared], np.hstack(blocks))


def test_a_filter_sees_what_lies_outside_the_masks(images: np.ndarray, masks: np.ndarray) -> None:
    model = BettiCurve(n_thresholds=9, filtrations=("gaussian:2",)).fit(images)
    changed = np.where(masks, images, 0)
    assert (model.transform(images, masks=masks) != model.transform(changed, masks=masks)).any()


def test_absent_voxels_are_seen_as_the_nearest_that_is_there(
    images: np.ndarray, masks: np.ndarray
) -> None:
    # Whole layers, so that no two voxels are equally near.
    masks = np.ones(images.shape, bool)
    masks[1, ..., 5:] = False
    whole = images.copy()
    whole[1, ..., 5:] = images[1, ..., 4:5]
    for name in ("log:1", "-distance", "radial"):
        model = BettiCurve(n_thresholds=9, filtrations=(name,)).fit(images)
        np.testing.assert_array_equal(
            model.transform(roi_images(images, masks)), model.transform(whole, masks=masks)
        )


def test_nearest_is_by_euclidean_distance(rng: np.random.Generator) -> None:
    from topojax.topology.filtered_rois import _extended

    images = rng.random((3, 6, 5, 7))
    images[rng.random(images.shape) < 0.6] = np.inf
    images[2] = np.inf
    voxels = np.argwhere(np.ones(images.shape[1:], bool))
    for image, found in zip(images[:2], _extended(images), strict=False):
        there = np.argwhere(image < np.inf)
        distances = cdist(voxels, there)
        allowed = np.isclose(distances, distances.min(axis=1, keepdims=True))
        values = image[tuple(there.T)]
        assert all(v in values[ok] for v, ok in zip(found.ravel(), allowed, strict=True))
        np.testing.assert_array_equal(found[image < np.inf], image[image < np.inf])
    assert not _extended(images)[2].any()


@pytest.mark.parametrize("kind", [BettiCurve, EulerCurve, PersistenceImage])
def test_a_filtration_with_nothing_to_threshold_is_named(kind: type, images: np.ndarray) -> None:
    with pytest.raises(DataError, match="values of filtration 'distance:5' are constant"):
        kind(filtrations=("intensity", "distance:5")).fit(images)
    with pytest.raises(DataError, match="values of filtration 'radial' have no finite value"):
        kind(filtrations=("radial", "intensity")).fit(np.ones_like(images))
    with pytest.raises(DataError, match="images are constant at 1"):
        kind().fit(np.ones_like(images))


def test_what_was_learnt_of_several_is_read_by_name(images: np.ndarray) -> None:
    curves = BettiCurve(n_thresholds=4, filtrations=("log:1",)).fit(images)
    assert curves.grid_ is curves.grids_["log:1"]
    curves.set_params(filtrations=("log:1", "log:2")).fit(images)
    with pytest.raises(AttributeError, match="read grids_"):
        _ = curves.grid_
    diagrams = PersistenceImage(4, filtrations=("log:1", "log:2")).fit(images)
    assert set(diagrams.ranges_) == {"log:1", "log:2"}
    assert not hasattr(diagrams, "range_")


def test_wrong_names_are_refused_in_fit(images: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="expected a list of names"):
        BettiCurve(filtrations="log:1").fit(images)
    with pytest.raises(ConfigError, match="did you mean gaussian:s"):
        BettiCurve(filtrations=("gausian:1",)).fit(images)
    with pytest.raises(DataError, match="beyond float32"):
        BettiCurve(filtrations=("log:1",)).fit(images.astype(np.float64) * 1e300)
