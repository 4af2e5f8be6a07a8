"""The memory that a fit needs: what is counted is what is held, and too much is refused at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from flax import nnx

from topojax.config import TopologyConfig, make_config
from topojax.data import Dataset
from topojax.errors import ConfigError
from topojax.models.mlp import MLP
from topojax.pipeline import plan_fit
from topojax.pipeline.cost.memory import (
    MemoryNeed,
    check_memory,
    classifier_bytes,
    curve_bytes,
)
from topojax.pipeline.plan import memory_need
from topojax.topology import describe_candidates


def _need(images: np.ndarray, **changes: Any) -> MemoryNeed:
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    config = make_config(overrides={"cam.layers": ["layer3", "layer4"], **overrides})
    dims = images.ndim - 1
    return memory_need(config, images, 2, dims, config.topology.n_thresholds)


def test_descriptors_are_counted_as_they_are_made(rng: np.random.Generator) -> None:
    images = rng.random((3, 5, 6), np.float32)
    maps = rng.integers(0, 256, (3, 2, 5, 6), np.uint8)
    found, _ = describe_candidates(
        images, maps, np.ones((4, 2)), np.full(4, 0.5), np.linspace(0, 1, 7), TopologyConfig()
    )
    quotients = found.curves / found.voxels[..., None, None]
    held = found.curves.nbytes + quotients.nbytes + found.normalised_curves().nbytes
    assert curve_bytes(4 * 3, 2, 7) == held


def test_classifiers_are_counted_with_gradients_and_moments() -> None:
    parameters = nnx.state(nnx.eval_shape(lambda: MLP(11, (8, 5), 3, rngs=nnx.Rngs(0))))
    held = 4 * sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(parameters))
    assert classifier_bytes((11, 8, 5, 3)) == held


def test_what_the_configuration_asks_for_is_counted() -> None:
    images = np.zeros((20, 8, 8, 8), np.float32)
    usual = _need(images)
    assert usual.images == images.nbytes
    assert usual.maps == 2 * 20 * 8**3
    assert usual.descriptors == curve_bytes(45 * 20, 3, 50)
    assert _need(images, cam__memory_mb=0).maps == 0
    twice = _need(images, search__population_per_gene=30)
    assert twice.descriptors == 2 * usual.descriptors
    # Candidates of these have no descriptors of training images.
    others: tuple[dict[str, Any], ...] = (
        {"search__objective": "val-resubstitution"},
        {"search__objective": "map-auc", "search__tau": 0.6},
        {"classifier__features": "embedding"},
    )
    for changes in others:
        assert _need(images, **changes).descriptors == curve_bytes(20, 3, 50)
    wide = _need(images, classifier__hidden=[4096, 4096])
    assert wide.classifiers > 50 * usual.classifiers
    given = {"search__method": "uniform", "search__tau": 0.6, "classifier__model": "extra-trees"}
    forest = _need(images, **given)
    assert _need(images, **given, classifier__n_trees=3000).classifiers > 8 * forest.classifiers


def test_too_much_is_refused_by_its_largest_part() -> None:
    need = MemoryNeed(10**9, 2 * 10**9, 30 * 10**9, 4 * 10**9)
    check_memory(need, 37 * 10**9)
    with pytest.raises(
        ConfigError, match=r"37\.0 GB .*descriptors 30\.0.* are 36\.0; lower"
    ) as got:
        check_memory(need, 36 * 10**9)
    assert "search.population_per_gene" in str(got.value)
    with pytest.raises(ConfigError, match=r"lower classifier\.hidden"):
        check_memory(replace(need, classifiers=10**12), 36 * 10**9)


def test_a_plan_that_no_machine_can_hold_is_refused_before_training(discs: Dataset) -> None:
    overrides = {"search.population_per_gene": 10_000, "topology.n_thresholds": 2**16}
    config = make_config(overrides=overrides)
    with pytest.raises(ConfigError, match="GB of memory at once") as caught:
        plan_fit(config, discs.train, discs.class_names, discs.spatial_dims)
    assert "\n" not in str(caught.value)
