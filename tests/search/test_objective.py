"""From genes to fitness: what is read, in which order, and that the seconds are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topojax.config import Config
from topojax.defects.fit import DroppingObjective
from topojax.errors import DataError
from topojax.search import OBJECTIVES, RoiObjective, SearchData

from .textured import GENES, make_data, make_settings


def objective(data: SearchData, settings: Config) -> RoiObjective:
    return RoiObjective(data, settings, seed=3)


@pytest.mark.parametrize("name", ["cv-auc", "val-auc", "train-loss", "val-resubstitution"])
def test_the_layer_that_shows_the_class_is_found(rng: np.random.Generator, name: str) -> None:
    evaluate = objective(make_data(rng), make_settings(name))
    assert evaluate.seconds() == {}
    fitness = evaluate(GENES)
    assert fitness.shape == (4,)
    assert fitness.dtype == np.float64
    assert fitness[0] < fitness[1]
    seconds = evaluate.seconds()
    assert set(seconds) == {"topology", "classifiers"}
    assert all(value >= 0 for value in seconds.values())
    np.testing.assert_array_equal(fitness, evaluate(GENES))
    np.testing.assert_array_equal(fitness[2:3], evaluate(GENES[2:3]))


_READING_ONE = [name for name, one in OBJECTIVES.items() if len(one.splits) == 1]


@pytest.mark.parametrize("name", _READING_ONE)
def test_a_split_that_is_not_read_has_no_influence(rng: np.random.Generator, name: str) -> None:
    data = make_data(rng)
    genes = GENES[:, :2] if name == "map-auc" else GENES
    evaluate = objective(data, make_settings(name))
    (split,) = {"train", "val"} - set(OBJECTIVES[name].splits)
    given = getattr(data, split)
    inverted = {"intensity": 1 - given.images.values["intensity"]}
    spoilt = replace(
        given, images=replace(given.images, values=inverted), labels=given.labels[::-1]
    )
    other = RoiObjective(replace(data, **{split: spoilt}), make_settings(name), 3)
    np.testing.assert_array_equal(evaluate(genes), other(genes))


def test_map_auc_reads_maps_alone(rng: np.random.Generator) -> None:
    data = make_data(rng)
    maps = rng.integers(0, 100, data.val.maps.shape).astype(np.uint8)
    maps[data.val.labels == 1, 0, :, :9] += 100
    blank = {"intensity": np.zeros_like(data.val.images.values["intensity"])}
    images = replace(data.val.images, values=blank)
    shown = replace(data, val=replace(data.val, maps=maps, images=images))
    fitness = objective(shown, make_settings("map-auc"))(np.array([[1, 0], [0, 1]], np.float32))
    assert fitness[0] < 0.05
    assert fitness[1] > 0.2


def test_empty_regions_are_left_out_where_they_are_to_be_dropped(rng: np.random.Generator) -> None:
    data = make_data(rng)
    # Not rescaled, half of either map never reaches 0.6.
    changes = {"cam.rescale_fused": False, "search.tau": 0.6}
    genes = np.array([[0.5, 0.5], [1.0, 0.0]], np.float32)
    kept = objective(data, make_settings("val-auc", **changes))(genes)
    dropped = DroppingObjective(data, make_settings("val-auc", **changes), seed=3)
    assert np.isfinite(kept).all()
    assert np.isnan(dropped(genes)).tolist() == [True, False]


def test_every_class_must_be_scored(rng: np.random.Generator) -> None:
    data = make_data(rng)
    alike = replace(data, val=replace(data.val, labels=np.zeros_like(data.val.labels)))
    with pytest.raises(DataError, match="class 1 has no sample in the val split"):
        objective(alike, make_settings("val-auc"))
    objective(alike, make_settings("cv-auc"))
