"""The benchmark of a population: one tiny run, and a difference stops it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def population(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("population")


def test_a_run_writes_its_record(population: ModuleType, tmp_path: Path) -> None:
    volumes = np.random.default_rng(0).integers(0, 2, (3, 15, 14, 16), np.uint8) * 255
    file = tmp_path / "volumes.npz"
    np.savez(file, train_images=volumes)
    options = ["--images", "2", "--candidates", "3", "--repeats", "1"]
    population.main([*options, "--data", str(file), "--output", str(tmp_path)])
    record = json.loads((tmp_path / "population_volumes.json").read_text(encoding="utf-8"))
    assert record["data"] == "volumes.npz"
    assert record["shape"] == [2, 15, 14, 16]
    assert {row["background"] for row in record["rows"]} == {"exclude", "zero"}
    assert all(row["ratio"] > 0 for row in record["rows"])


def test_made_volumes_are_binary_and_maps_fill_their_range(population: ModuleType) -> None:
    volumes = population.binary_volumes(2)
    assert np.unique(volumes).tolist() == [0, 1]
    maps = population.random_maps(volumes.shape[1:], 2)
    assert maps.shape == (2, 3, 28, 28, 28)
    assert (maps.max(axis=(2, 3, 4)) == 255).all()
    assert (maps.min(axis=(2, 3, 4)) == 0).all()


def test_a_difference_stops_before_timing(population: ModuleType) -> None:
    one = population.RoiBettiCurves(np.zeros(2), np.ones(2), np.zeros(2))
    with pytest.raises(SystemExit, match="sample: voxels differ"):
        population.check_equal("sample", lambda: one, lambda: one._replace(voxels=np.zeros(2)))
