"""Banks: one block a filtration, levels in place of values, volumes beside the curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.config import TopologyConfig
from topojax.topology import (
    BankDescriptors,
    FilteredImages,
    candidate_matrix,
    describe,
    describe_bank,
    describe_candidates,
    filter_images,
    filtered,
    learn_filtered_images,
    learn_grid,
    sublevel_volumes,
)
from topojax.topology.filtered_images import grid_levels

BANK = ("intensity", "log:1", "-log:1", "height:0,1", "distance")


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.random((6, 11, 12)).astype(np.float32)


@pytest.fixture
def masks(rng: np.random.Generator) -> np.ndarray:
    found = rng.random((6, 11, 12)) < 0.6
    found[:, 0] = True  # regions that touch the border
    return found


def _bank(**changes: object) -> TopologyConfig:
    return TopologyConfig(**({"filtrations": BANK, "n_thresholds": 9} | changes))


@pytest.mark.parametrize("grid", ["fixed", "quantile"])
@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("construction", ["T", "V"])
def test_a_block_is_what_the_filtration_alone_gives(
    images: np.ndarray, masks: np.ndarray, grid: str, background: str, construction: str
) -> None:
    config = _bank(grid=grid, background=background, construction=construction)
    bank = learn_filtered_images(images, config)
    found = describe_bank(bank, masks, config)
    assert tuple(found.blocks) == BANK
    for name, block in found.blocks.items():
        values = filtered(images, name)
        thresholds = learn_grid(values, config)
        np.testing.assert_array_equal(bank.grids[name], thresholds)
        alone = describe(values, masks, thresholds, config)
        np.testing.assert_array_equal(block.curves, alone.curves)
        np.testing.assert_array_equal(block.voxels, masks.sum((1, 2)))
    kinds = {values.dtype for values in bank.values.values()}
    assert kinds == {np.dtype(np.uint8 if background == "exclude" else np.float32)}


def test_a_bank_of_intensity_is_todays_descriptor(images: np.ndarray, masks: np.ndarray) -> None:
    config = TopologyConfig(n_thresholds=9)
    bank = learn_filtered_images(images, config)
    assert bank.values["intensity"] is images or np.shares_memory(bank.values["intensity"], images)
    alone = describe(images, masks, learn_grid(images, config), config)
    found = describe_bank(bank, masks, config)
    np.testing.assert_array_equal(found.matrix(), alone.matrix())
    assert found.feature_names()[:2] == ("betti0_0", "betti0_1")


@given(
    st.lists(st.floats(-1e3, 1e3, width=32) | st.just(np.inf), min_size=1, max_size=30),
    st.sets(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=8),
)
def test_levels_enter_where_values_do(values: list[float], thresholds: set[float]) -> None:
    grid, image = np.array(sorted(thresholds)), np.array([values], np.float32)[:, None]
    levels = grid_levels(image, grid)
    for number, threshold in enumerate(grid):
        np.testing.assert_array_equal(levels <= number, image <= threshold)


def test_candidates_of_a_bank_are_those_of_its_filtrations(
    images: np.ndarray, rng: np.random.Generator
) -> None:
    maps = rng.integers(0, 256, (6, 2, 11, 12), np.uint8)
    weights, taus = rng.random((5, 2)).astype(np.float32), rng.uniform(0.2, 0.8, 5)
    config = _bank()
    bank = learn_filtered_images(images, config)
    matrix, empty = candidate_matrix(bank, maps, weights, taus, config)
    blocks = []
    for name in BANK:
        found, wanted = describe_candidates(
            filtered(images, name), maps, weights, taus, bank.grids[name], config
        )
        np.testing.assert_array_equal(empty, wanted)
        blocks.append(found.matrix())
    parts = [*(block[..., :-1] for block in blocks), blocks[0][..., -1:]]
    np.testing.assert_array_equal(matrix, np.concatenate(parts, -1))


def test_rows_parts_and_one_left_out(images: np.ndarray, masks: np.ndarray) -> None:
    config = _bank(volumes=True)
    bank = learn_filtered_images(images, config)
    found = describe_bank(bank, masks, config)
    names = found.feature_names()
    assert len(names) == len(set(names)) == found.matrix().shape[1]
    assert {"log:1_betti0_3", "-log:1_volume_8", "roi_voxels"} < set(names)
    later = filter_images(images[4:], bank.grids, config)
    parts = [describe_bank(bank.rows(np.arange(4)), masks[:4], config)]
    parts.append(describe_bank(later, masks[4:], config))
    np.testing.assert_array_equal(BankDescriptors.concatenate(parts).matrix(), found.matrix())
    some = np.array([3, 1])
    np.testing.assert_array_equal(found.rows(some).matrix(), found.matrix()[some])
    columns = [not name.startswith("log:1_") for name in names]
    np.testing.assert_array_equal(found.without("log:1").matrix(), found.matrix()[:, columns])


@pytest.mark.parametrize("grid", ["fixed", "sample"])
def test_volumes_count_voxels(images: np.ndarray, masks: np.ndarray, grid: str) -> None:
    config = _bank(filtrations=("intensity", "-intensity"), grid=grid)
    bank = learn_filtered_images(images, config)
    found = describe_bank(bank, masks, config)
    for name, volumes in sublevel_volumes(bank, masks, 9).items():
        np.testing.assert_array_equal(volumes, found.volumes[name])
        assert (np.diff(volumes) >= 0).all()
        if grid == "fixed":
            values = filtered(images, name)
            for i, threshold in enumerate(bank.grids[name]):
                expected = (masks & (values <= threshold)).sum((1, 2))
                np.testing.assert_array_equal(volumes[:, i], expected)
        # At the last threshold everything has entered.
        np.testing.assert_array_equal(volumes[:, -1], masks.sum((1, 2)))
    assert found.volume_matrix().shape == (6, 2 * 9 + 1)


def test_what_never_enters_counts_in_no_volume() -> None:
    values = {"radial": np.array([[[0, np.inf], [1, np.inf]]], np.float32)}
    bank = FilteredImages(values, {"radial": np.array([0.0, 2.0])})
    found = describe_bank(bank, np.ones((1, 2, 2), bool), TopologyConfig(n_thresholds=2))
    assert found.volumes["radial"].tolist() == [[1, 2]]
    assert found.voxels.tolist() == [4]
