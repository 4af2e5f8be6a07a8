"""The table of methods over seeds: made of the runs' own numbers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def methods(monkeypatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("methods")


def _metrics(auc: float) -> dict:
    scores = {"auc": {"value": auc}, "accuracy": {"value": auc - 0.1}}
    others = ("whole-image", "backbone", "topology+embedding", "embedding", "roi-size")
    compared = {
        name: {"scores": {"auc": {"value": auc - 0.01 * k}, "accuracy": {"value": 0.5}}}
        for k, name in enumerate((*others, "predicted-class"), start=1)
    }
    return {"topocam": {"test": scores}, "comparisons": compared}


def test_means_and_paired_differences_are_of_the_runs(methods, tmp_path):
    by_seed = []
    for seed, auc in enumerate((0.8, 0.84, 0.79)):
        (tmp_path / str(seed)).mkdir()
        (tmp_path / str(seed) / "metrics.json").write_text(json.dumps(_metrics(auc)))
        by_seed.append(methods.scores_by_method(tmp_path / str(seed)))
    summary = methods.summarise(by_seed)
    assert summary.keys() == methods.METHODS.keys()
    assert summary["topocam"]["auc"]["mean"]["mean"] == pytest.approx(np.mean([0.8, 0.84, 0.79]))
    # A constant difference has no spread, however much the scores themselves have.
    excess = summary["backbone"]["auc"]["topocam_exceeds_by"]
    assert excess["mean"] == pytest.approx(0.02)
    assert excess["high"] - excess["low"] == pytest.approx(0, abs=1e-9)
    record = {
        "question": "?",
        "data": "breastmnist",
        "shape": "28 x 28",
        "date": "today",
        "device": "cpu",
        "command": "python",
        "folders": ["a", "b", "c"],
        "seconds": [1.0, 2.0, 3.0],
        "summary": summary,
    }
    table = methods.markdown(record)
    assert "0.999, 0.987" in table
    assert table.count("\n| ") == len(methods.METHODS) + 1
