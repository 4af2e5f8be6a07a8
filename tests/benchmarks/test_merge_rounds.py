"""The benchmark of rounds: both ways end components at the same voxels, and a tiny record."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("merge_rounds")


@pytest.mark.slow
def test_a_tiny_run_writes_its_record(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.main(["--sizes", "7", "--repeats", "1", "--output", str(tmp_path)])
    (file,) = tmp_path.glob("merge_rounds_*.json")
    smooth, noise = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert 0 < smooth["saddles"] < noise["saddles"] < 1
    assert all(ns > 0 for ns in (smooth | noise)["ns_a_voxel"].values())
    assert "| noise 7³ |" in file.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_ways_that_differ_are_not_timed(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def earlier(*given: object) -> object:
        ends = benchmark.ends_by_saddles(*given[:2], saddles_of(*given))
        return ends._replace(death=ends.death // 2)

    def saddles_of(order: object, root: object, offsets: object) -> object:
        lattice, neighbourhood = benchmark.Lattice((6, 5, 4)), benchmark.Neighbourhood(3, True)
        marked = benchmark.mark_saddles(order, lattice, neighbourhood)
        return benchmark.list_saddles(order, lattice, neighbourhood, marked, 300)

    monkeypatch.setattr(benchmark, "ends_by_all", earlier)
    image = benchmark.synthetic("noise", (6, 5, 4)).image
    with pytest.raises(AssertionError):
        benchmark.measure("noise", image, 1)
