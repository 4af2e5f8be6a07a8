"""The benchmark of the search: the paper's loop computes what the search does."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.cam import regions_of_interest
from topojax.config import make_config
from topojax.experiments.bench.search import paper_loop
from topojax.search import stratified_folds
from topojax.topology import describe_candidates, fixed_grid


@pytest.mark.parametrize(("shape", "n_classes"), [((14, 13), 2), ((7, 6, 8), 3)])
def test_the_loop_has_the_same_regions_and_descriptors(rng, shape, n_classes):
    images = rng.random((18, *shape), np.float32)
    maps = rng.integers(0, 256, (18, 3, *shape)).astype(np.uint8)
    maps[0] = 0
    weights, tau = np.array([[0.2, 0.5, 0.3]], np.float32), 0.55
    labels = np.arange(18) % n_classes
    grid = fixed_grid(images, 9)
    loop = paper_loop.PaperLoop(
        images,
        maps.astype(np.float32) / np.float32(255),
        labels,
        stratified_folds(labels, 3, 0),
        grid,
        epochs=2,
        batch_size=6,
        learning_rate=1e-3,
        hidden=(8,),
    )
    masks, _ = regions_of_interest(maps, weights[0], tau)
    found = [paper_loop.region(of, weights[0], tau) for of in loop.maps]
    np.testing.assert_array_equal(found, masks)
    topology = make_config(overrides={"topology.n_thresholds": 9}).topology
    ours, _ = describe_candidates(images, maps, weights, np.array([tau]), grid, topology)
    theirs = loop.descriptors(weights[0], tau)
    np.testing.assert_allclose(theirs, ours.matrix()[0], rtol=1e-6)
    assert 0 <= loop.fitness(weights[0], tau) <= 1
