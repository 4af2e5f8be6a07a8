"""The benchmark of cheap fitness: what it computes from fitnesses, and one tiny run."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from topojax.data import synthetic_dataset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def fidelity(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("search_fidelity")


def test_agreement_is_perfect_with_itself_and_tells_what_is_lost(fidelity: ModuleType) -> None:
    dear = np.array([0.3, 0.1, 0.2, 0.5])
    assert fidelity.agreement(2 * dear, dear) == pytest.approx(
        {"spearman": 1, "kendall": 1, "regret": 0}
    )
    assert fidelity.agreement(-dear, dear) == pytest.approx(
        {"spearman": -1, "kendall": -1, "regret": 0.4}
    )
    assert fidelity.ceiling(np.stack([dear, dear, dear]))["spearman"] == pytest.approx(1)


def test_front_keeps_what_no_cheaper_effort_beats(fidelity: ModuleType) -> None:
    rows = [{"cpu": 3, "spearman": 0.9}, {"cpu": 1, "spearman": 0.5}, {"cpu": 2, "spearman": 0.4}]
    assert fidelity.front([{"rows": rows}]) == [1, 0]


@pytest.mark.slow
def test_quick_run_writes_record_and_table(
    fidelity: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    discs = synthetic_dataset(
        "shapes", seed=7, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
    )
    for name in ("one", "two", "one"):
        named = replace(discs, name=name)
        monkeypatch.setattr(fidelity, "read_medmnist", lambda _, named=named: named)
        options = ["--quick", "--epochs", "1", "--limit", "20", "--output", str(tmp_path)]
        fidelity.main(["shapes.npz", *options])
    record = json.loads((tmp_path / "search_fidelity_quick.json").read_text(encoding="utf-8"))
    assert [study["data"] for study in record["studies"]] == ["two", "one"]
    study = record["studies"][0]
    assert study["images"] == 20
    assert [row["learning_rate"] for row in study["rows"]] == [1e-3, 1e-2]
    assert all(-1 <= row["spearman"] <= 1 and row["cpu"] > 0 for row in study["rows"])
    assert "| folds |" in (tmp_path / "search_fidelity_quick.md").read_text(encoding="utf-8")
