"""The benchmark of banks: a row for each and its volumes, and the one that validation prefers."""

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
    return importlib.import_module("banks")


def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType, discs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    banks = {"intensity": {2: ("intensity",)}, "two": {2: ("intensity", "-log:1")}}
    monkeypatch.setattr(benchmark, "BANKS", banks)
    arguments = [str(discs_file), "--seeds", "1", "--thresholds", "6", "--output", str(tmp_path)]
    benchmark.main([*arguments, "--model", "logistic", "--name", "discs"])
    found = json.loads((tmp_path / "banks_discs.json").read_text(encoding="utf-8"))
    kinds = [(r["bank"], r["grid"], r["kind"], r["n_features"]) for r in found["rows"]]
    lengths = {"Betti curves": (13, 25), "volumes": (7, 13), "curves and volumes": (19, 37)}
    assert kinds == [
        (bank, grid, kind, lengths[kind][k])
        for k, bank in enumerate(("intensity", "two"))
        for grid in ("fixed", "quantile")
        for kind in lengths
    ]
    page = (tmp_path / "banks_discs.md").read_text(encoding="utf-8")
    assert "| two (2) | fixed | volumes | 13 |" in page
    preferred = benchmark.chosen_row(found["rows"])
    assert preferred["kind"] == "Betti curves"
    assert f"prefers **{preferred['bank']}**" in page
