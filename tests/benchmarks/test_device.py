"""The benchmark of the device: equal curves before any time, and a record of a tiny run."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("device")


def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = [("noise 2 × 6³", np.random.default_rng(0).random((2, 6, 6, 6), np.float32))]
    monkeypatch.setattr(benchmark, "inputs", lambda sizes, platform: small)
    benchmark.main(["--repeats", "1", "--output", str(tmp_path)])
    (file,) = tmp_path.glob("device_*.json")
    (row,) = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert {"Betti curves", "Betti curves, kernel"} <= row["ns_a_voxel"].keys()
    assert all(ns > 0 for ns in row["ns_a_voxel"].values())
    assert "| noise 2 × 6³ |" in file.with_suffix(".md").read_text(encoding="utf-8")


def test_another_curve_stops_the_run(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        benchmark, "betti_curves", lambda x, grid: benchmark.euler_curve(x, grid)[None] + 1
    )
    image = np.random.default_rng(0).random((1, 6, 5), np.float32)
    with pytest.raises(AssertionError):
        benchmark.measure(image, 1)


def test_inputs_are_batches_of_float32(benchmark: ModuleType) -> None:
    for _, images in benchmark.inputs((8,), "cpu"):
        assert images.dtype == np.float32
        assert images.ndim in (3, 4)
