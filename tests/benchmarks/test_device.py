"""The benchmark of the device: equal curves before any time, and a record of a tiny run."""

from __future__ import annotations

import importlib
import json
import sys
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
    small = [("noise", np.random.default_rng(0).random((2, 6, 6, 6), np.float32))]
    monkeypatch.setattr(benchmark, "inputs", lambda sizes, platform: small)
    benchmark.main(["--repeats", "1", "--output", str(tmp_path)])
    (file,) = tmp_path.glob("device_*.json")
    (row,) = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert {"Betti curves", "Betti curves, kernel"} <= row["ns_a_voxel"].keys()
    assert all(ns > 0 for ns in row["ns_a_voxel"].values())
    assert "| noise 2 × 6×6×6 |" in file.with_suffix(".md").read_text(encoding="utf-8")


def test_labellings_are_held_to_the_kernel(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.random.default_rng(0).random((6, 5, 4), np.float32)
    assert all(len(call()) == 50 for call in benchmark.by_labelling(image).values())
    other = ModuleType("cc3d")
    other.connected_components = lambda mask, return_N: (mask, 7)  # type: ignore[attr-defined]
    monkeypatch.setattr(benchmark, "find_spec", lambda name: name == "cc3d" or None)
    monkeypatch.setitem(sys.modules, "cc3d", other)
    with pytest.raises(AssertionError):
        benchmark.by_labelling(image)


def test_inputs_are_batches_of_float32(benchmark: ModuleType) -> None:
    for _, images in benchmark.inputs((8,), "cpu"):
        assert images.dtype == np.float32
        assert images.ndim in (3, 4)
