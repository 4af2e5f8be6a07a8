"""Commands whose work is done by several processes: what they write is what one process writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.data import SPLITS


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def _assert_same(one: Path, other: Path) -> None:
    found, wanted = _arrays(one), _arrays(other)
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])


def test_features_of_files(
    topojax: Callable[..., Any], tmp_path: Path, rng: np.random.Generator
) -> None:
    (tmp_path / "scans").mkdir()
    for i in range(6):
        np.save(tmp_path / "scans" / f"{i}.npy", rng.random((5, 6 + i % 2), np.float32))
    pattern = f"{tmp_path}/scans/*.npy"
    assert topojax("features", pattern, "-o", tmp_path / "one.npz").code == 0
    outcome = topojax("features", pattern, "--workers", 2, "-o", tmp_path / "two.npz")
    assert outcome.code == 0, outcome.err
    assert "curves: 6 blocks; finished ones are kept in" in outcome.err
    _assert_same(tmp_path / "two.npz", tmp_path / "one.npz")
    assert not [*tmp_path.glob(".*progress")]


def test_folds_that_are_none_are_not_spread(
    topojax: Callable[..., Any], discs_file: Path, tmp_path: Path
) -> None:
    refused = topojax("fit", discs_file, "--workers", 2, "-o", tmp_path / "run")
    assert refused.code == 4
    assert "--workers=2 trains the networks of folds side by side" in refused.err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["whole", "rois"])
def test_features_of_arrays(
    topojax: Callable[..., Any], discs_file: Path, discs_run: Path, tmp_path: Path, what: str
) -> None:
    more = ("--run", discs_run) if what == "rois" else ("--set", "topology.n_thresholds=5")
    for workers in (None, 2):
        spread = () if workers is None else ("--workers", workers)
        out = tmp_path / f"{workers}.npz"
        outcome = topojax("features", discs_file, *more, *spread, "-o", out)
        assert outcome.code == 0, outcome.err
    _assert_same(tmp_path / "2.npz", tmp_path / "None.npz")


@pytest.mark.slow
def test_a_fit_with_folds(
    topojax: Callable[..., Any], discs_file: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    settings = [
        part
        for key, value in (tiny | {"cam.folds": 2, "cam.unseen": "one"}).items()
        for part in ("--set", f"{key}={value}")
    ]
    one, two = tmp_path / "one", tmp_path / "two"
    assert topojax("fit", discs_file, *settings, "-o", one).code == 0
    outcome = topojax("fit", discs_file, *settings, "--workers", 2, "-o", two)
    assert outcome.code == 0, outcome.err
    for split in SPLITS:
        name = f"predictions_{split}.csv"
        assert (two / name).read_bytes() == (one / name).read_bytes()
    _assert_same(two / "features.npz", one / "features.npz")
    metrics = [json.loads((run / "metrics.json").read_text()) for run in (one, two)]
    for found in metrics:
        found.pop("timing")
    assert metrics[0] == metrics[1]
    logs = [_events(run / "log.jsonl") for run in (one, two)]
    assert sorted(logs[0]) == sorted(logs[1])
    epochs = [event for event in logs[1] if '"epoch"' in event]
    assert len(epochs) == 6
    for network in range(3):
        own = [json.loads(event)["epoch"] for event in epochs if f'"network": {network}' in event]
        assert own == [0, 1]
    assert sorted(path.name for path in (two / "checkpoint").iterdir()) == ["model"]


def _events(log: Path) -> list[str]:
    """Return the events of a log without their times."""
    found = []
    for line in log.read_text().splitlines():
        event = json.loads(line)
        found.append({k: v for k, v in event.items() if k not in ("time", "seconds")})
    return [json.dumps(event, sort_keys=True) for event in found]
