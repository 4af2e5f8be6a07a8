"""The benchmark of filtrations: what it checks, and the record that it writes."""

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
    return importlib.import_module("filtrations")


def test_a_tiny_run_writes_its_record(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(benchmark.BANK) == len(set(benchmark.BANK)) == 40
    monkeypatch.setattr(benchmark, "BANK", ("intensity", "log:1", "-log:1", "distance"))
    benchmark.main(["--volumes", "6", "--rounds", "1", "--output", str(tmp_path)])
    found = json.loads((tmp_path / "filtrations_synthetic.json").read_text(encoding="utf-8"))
    assert found["volumes"] == 6
    assert {"scipy", "topojax"} <= set(found["versions"])
    assert set(found["by_filtration"]) == set(benchmark.BANK)
    assert found["total"]["curves_s"] > 0
    page = (tmp_path / "filtrations_synthetic.md").read_text(encoding="utf-8")
    assert "| `-log:1` |" in page
    assert "| all 4 |" in page


def test_filters_that_are_not_scipys_are_not_timed(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    images = rng.random((2, 6, 6, 6), np.float32)
    benchmark.check_equality(images)
    monkeypatch.setitem(benchmark.SCIPYS, "log:2", lambda image: image)
    with pytest.raises(AssertionError):
        benchmark.check_equality(images)
