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


def _scores(auc: float) -> dict[str, dict[str, float]]:
    others = ("whole-image", "backbone", "topology+embedding", "embedding", "roi-size")
    return {"topocam": {"auc": auc, "accuracy": auc - 0.1}} | {
        name: {"auc": auc - 0.01 * k, "accuracy": 0.5}
        for k, name in enumerate((*others, "predicted-class"), start=1)
    }


def test_scores_are_those_of_the_run(methods, discs_run):
    found = methods.scores_by_method(discs_run)
    # Of a run without folds and of one filtration; its own kind of features is TopoCAM's.
    left_out = {"topology", "topology+logits", "whole-image+logits", "intensity", "whole-intensity"}
    assert methods.METHODS.keys() - found.keys() == left_out
    assert found.keys() <= methods.METHODS.keys()
    metrics = json.loads((discs_run / "metrics.json").read_text("utf-8"))
    assert found["topocam"]["auc"] == metrics["topocam"]["test"]["auc"]["value"]
    backbone = metrics["comparisons"]["backbone"]["scores"]
    assert found["backbone"]["accuracy"] == backbone["accuracy"]["value"]


def test_means_and_paired_differences_are_of_the_runs(methods):
    by_seed = [_scores(auc) for auc in (0.8, 0.84, 0.79)]
    summary = methods.summarise(by_seed)
    assert summary.keys() == by_seed[0].keys()
    assert summary["topocam"]["auc"]["mean"]["mean"] == pytest.approx(np.mean([0.8, 0.84, 0.79]))
    # A constant difference has no spread, however much the scores themselves have.
    excess = summary["topocam"]["auc"]["exceeds_backbone_by"]
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
    assert table.count("\n| ") == len(summary) + 1
