"""`features.npz`: keys that outside readers rely on, and back again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import SPLITS
from topojax.errors import RunError
from topojax.runs import (
    Examples,
    ExampleTopology,
    LastingBars,
    RunArrays,
    SplitFeatures,
    Tried,
)
from topojax.runs import TestCurves as CurvesOfTest  # pytest takes what begins with Test for tests


@pytest.fixture
def arrays(rng: np.random.Generator) -> RunArrays:
    sizes = dict(zip(SPLITS, (5, 4, 3), strict=True))
    features = {
        name: SplitFeatures(
            np.arange(n) % 2, rng.random((n, 9), np.float32), np.arange(1, n + 1), np.arange(n) > 1
        )
        for name, n in sizes.items()
    }
    curves, full = rng.random((2, 3, 2, 4), np.float32)
    methods = ("roi-size", "topology+embedding", "backbone")
    probabilities = {name: rng.dirichlet(np.ones(2), 3).astype(np.float32) for name in methods}
    tried = Tried(rng.dirichlet(np.ones(3), 8), rng.random(8), rng.random(8))
    examples = Examples(
        rng.random((2, 6, 6), np.float32),
        rng.random((2, 6, 6)) > 0.5,
        rng.random((2, 6, 6), np.float32),
        np.array([0, 1]),
        np.array([1, 1]),
        np.array([0, 2]),
    )
    own = {"intensity": CurvesOfTest(np.linspace(0, 1, 4), curves, full)}
    topology = ExampleTopology(
        rng.random((2, 6, 6), np.float32),
        np.array([0.5, 0.5]),
        np.array([[0.5, 0.75]] * 2),
        np.array([[9, 4]] * 2),
        rng.random((2, 2, 4)),
        rng.integers(0, 5, (2, 2, 2, 4)).astype(np.int32),
    )
    bars = LastingBars(
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([[0.1, np.inf], [0.2, 0.3]]),
        np.array([[3, -1], [5, 6]]),
        np.array([[1, 0], [-1, 1]]),
        np.array([["", ""], ["too large", ""]]),
    )
    names = np.array(["a", "b", "c"])
    return RunArrays(features, own, probabilities, tried, examples, examples, topology, bars, names)


def _assert_same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if is_dataclass(a):
        for field in fields(a):
            _assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            _assert_same(a[key], b[key])
    elif a is not None:
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_arrays_come_back(arrays: RunArrays, tmp_path: Path) -> None:
    own_grids = {name: replace(one, thresholds=None) for name, one in arrays.curves.items()}
    bank = {f"log:{k}": next(iter(arrays.curves.values())) for k in (1, 2)}
    older = {"errors": None, "topology": None, "bars": None, "names": None}
    for changes in ({}, {"curves": own_grids}, {"curves": bank}, {"tried": None}, older):
        written = replace(arrays, **changes)
        written.write(tmp_path)
        _assert_same(RunArrays.read(tmp_path), written)


def test_keys_stay(arrays: RunArrays, tmp_path: Path) -> None:
    arrays.write(tmp_path)
    of_splits = ("labels", "descriptors", "roi_voxels", "roi_empty")
    with np.load(tmp_path / "features.npz") as file:
        assert set(file.files) == {
            *(f"{split}_{name}" for split in SPLITS for name in of_splits),
            "filtrations",
            "thresholds",
            "test_curves",
            "test_curves_full",
            "test_roi_size_probabilities",
            "test_topology+embedding_probabilities",
            "test_backbone_probabilities",
            *(f"search_{name}" for name in ("weights", "taus", "scores")),
            *(f"{key}_{f.name}" for key in ("example", "error") for f in fields(Examples)),
            *(f"topology_{f.name}" for f in fields(ExampleTopology)),
            *(f"bars_{f.name}" for f in fields(LastingBars)),
            "test_names",
        }
        np.testing.assert_array_equal(file["test_curves_full"], arrays.curves["intensity"].whole)
        np.testing.assert_array_equal(file["search_taus"], arrays.tried.taus)


def test_a_missing_array_is_named(arrays: RunArrays, tmp_path: Path) -> None:
    for missing in ("val_roi_voxels", "topology_taus", "bars_ends", "error_index"):
        kept = {key: value for key, value in arrays.to_npz().items() if key != missing}
        np.savez(tmp_path / "features.npz", **kept)
        with pytest.raises(RunError, match=rf"features\.npz .*it lacks {missing}"):
            RunArrays.read(tmp_path)


def test_runs_hold_what_their_configuration_asks_for(discs_run: Path, solids_run: Path) -> None:
    shared, own = RunArrays.read(discs_run), RunArrays.read(solids_run)
    assert shared.curves["intensity"].thresholds is not None
    assert own.curves["intensity"].thresholds is None
    for found, classes, maps in ((shared, 2, (28, 28)), (own, 3, (12, 12, 24))):
        assert found.examples.masks.shape == (3 * classes, *maps)
        assert found.tried is not None
        assert found.tried.weights.shape == (len(found.tried.scores), 3)
        n = len(found.splits["test"].labels)
        assert {one.shape for one in found.probabilities.values()} == {(n, classes)}
        assert {"topology", "backbone", "whole-image"} <= found.probabilities.keys()


@pytest.mark.parametrize("name", ["discs_run", "solids_run"])
def test_the_topology_of_examples_is_that_of_the_split(
    request: pytest.FixtureRequest, name: str
) -> None:
    found = RunArrays.read(request.getfixturevalue(name))
    topology, examples = found.topology, found.examples
    assert topology is not None
    own = np.nonzero(topology.taus == topology.own_tau[:, None])[1]
    rows = np.arange(len(examples.index))
    assert own.shape == rows.shape
    sizes = topology.voxels[rows, own]
    np.testing.assert_array_equal(sizes, found.splits["test"].roi_voxels[examples.index])
    np.testing.assert_array_equal(sizes, examples.masks.reshape(len(rows), -1).sum(axis=1))
    curves = found.curves["intensity"]
    shares = (topology.curves[rows, own] / sizes[:, None, None]).astype(np.float32)
    np.testing.assert_array_equal(shares, curves.rois[examples.index])
    if curves.thresholds is not None:
        np.testing.assert_array_equal(topology.thresholds[0, 0], curves.thresholds)
