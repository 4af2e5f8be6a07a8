"""Curves on the ROIs of other thresholds: as the descriptor has them, one region at a time."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.config import TopologyConfig
from topojax.experiments.examples import example_topology, own_region
from topojax.topology import describe, giotto_betti_curves, sample_grids


def test_a_region_is_where_the_map_reaches_the_threshold_or_its_maximum() -> None:
    fused = np.array([[0.1, 0.5], [0.6, 0.6]], np.float32)
    assert own_region(fused, 0.5).tolist() == [[False, True], [True, True]]
    assert own_region(fused, 0.9).tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize("background", ["exclude", "zero"])
@pytest.mark.parametrize("shape", [(9, 8), (5, 6, 7)])
def test_curves_are_those_of_each_region(
    rng: np.random.Generator, shape: tuple[int, ...], background: str
) -> None:
    config = TopologyConfig(background=background, n_thresholds=7)
    values = rng.random((2, *shape), np.float32)
    # The maximum is below the last thresholds, as it may be where maps are not scaled.
    fused = 0.9 * rng.random((2, *shape), np.float32)
    own, shared = np.array([0.31, 1.0]), np.linspace(0, 1, 7)
    for grid in (shared, None):
        found = example_topology(values, fused, own, grid, config)
        assert found.curves.shape == (2, 40, len(shape), 7)
        assert (np.diff(found.taus, axis=1) > 0).all()
        np.testing.assert_array_equal((found.taus == own[:, None]).sum(axis=1), 1)
        for row in range(2):
            for k in (0, 12, 39):
                mask = own_region(fused[row], found.taus[row, k])[np.newaxis]
                image = values[row][np.newaxis]
                settings = config.model_copy(
                    update={"grid": "fixed" if grid is not None else "sample"}
                )
                expected = describe(image, mask, grid, settings)
                np.testing.assert_array_equal(found.curves[row, k], expected.curves[0])
                assert found.voxels[row, k] == expected.voxels[0] == mask.sum()
                wanted = sample_grids(image, mask, 7)[0] if grid is None else grid
                np.testing.assert_array_equal(found.thresholds[row, k], wanted)


def test_long_grids_are_thinned_and_giotto_grids_replaced(rng: np.random.Generator) -> None:
    values, fused = rng.random((2, 1, 6, 6), np.float32)
    grid = np.linspace(0, 1, 1001)
    config = TopologyConfig(n_thresholds=1001)
    found = example_topology(values, fused, np.array([0.5]), grid, config)
    thresholds = found.thresholds[0, 0]
    assert (len(thresholds), thresholds[0], thresholds[-1]) == (100, 0.0, 1.0)
    assert np.isin(thresholds, grid).all()
    giotto = TopologyConfig(grid="giotto", n_thresholds=5)
    own = example_topology(values, fused, np.array([0.5]), None, giotto)
    even = example_topology(
        values, fused, np.array([0.5]), None, TopologyConfig(grid="sample", n_thresholds=5)
    )
    np.testing.assert_array_equal(own.curves, even.curves)
    # It would be another curve.
    region = np.where(own_region(fused[0], 0.5), values[0], np.inf)
    assert (giotto_betti_curves(region, 5) != own.curves[0, 19]).any()
