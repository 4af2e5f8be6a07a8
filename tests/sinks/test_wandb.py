"""What lies in an offline run of W&B, and that nothing lies there twice."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topojax.errors import ConfigError
from topojax.runs import Metrics
from topojax.sinks import Sent, State, send_run

from .conftest import BEGUN, EVENTS, lines
from .wandb_files import records_in, rows_in

pytest.importorskip("wandb", reason="wandb is an extra of some 70 MB, and no part of `test`")


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_MODE", "WANDB_DIR", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "wandb_home"))


def _sent(run: Path, output: Path) -> Sent:
    """Send a run, and wait for the process that writes, as a process does at its end."""
    import wandb

    sent = send_run(run, "wandb", output=output)
    wandb.teardown()
    return sent


def _folders(output: Path) -> list[Path]:
    return sorted((output / "wandb").glob("offline-run-*"))


def _updates(folder: Path, kind: str) -> dict[str, Any]:
    return {
        item.key or "/".join(item.nested_key): json.loads(item.value_json)
        for record in records_in(folder)
        if record.WhichOneof("record_type") == kind
        for item in getattr(record, kind).update
    }


def test_a_run_is_kept_offline(run_of: Callable, tmp_path: Path) -> None:
    sent = _sent(run_of(), tmp_path / "out")
    assert (sent.n_lines, sent.state) == (len(EVENTS), State.FINISHED)
    (folder,) = _folders(tmp_path / "out")
    rows = {row["_step"]: row for row in rows_in(folder)}
    assert list(rows) == [3, 4, 5, 6, 7, 8]
    assert rows[4]["backbone/network_0/val_auc"] == 0.7
    assert (rows[4]["epoch"], rows[4]["_timestamp"]) == (1, BEGUN + 3)
    assert rows[8]["search/best_fitness"] == 0.125
    summary = _updates(folder, "summary")
    assert summary["scores/test/topocam/auc_high"] == 1.0
    assert summary["warnings"] == "- Few images.\n- Small maps."
    assert _updates(folder, "config")["search.objective"] == "cv-auc"
    axes = {r.metric.name: r.metric for r in records_in(folder) if r.HasField("metric")}
    assert axes["seconds/backbone"].step_metric == "ending"
    (artifact,) = (r.artifact for r in records_in(folder) if r.HasField("artifact"))
    files = {entry.path for entry in artifact.manifest.contents}
    assert files == {"report.html", "metrics.json", "config.json", "environment.json"}


def test_parts_and_repetitions_double_nothing(
    run_of: Callable, metrics: Metrics, tmp_path: Path
) -> None:
    run = run_of(EVENTS[:4])
    assert _sent(run, tmp_path).n_lines == 4
    (run / "log.jsonl").write_text(lines(EVENTS))
    metrics.write(run)
    (run / "report.html").touch()
    assert _sent(run, tmp_path).n_lines == len(EVENTS) - 4
    assert _sent(run, tmp_path).n_lines == 0
    folders = _folders(tmp_path)
    assert len({folder.name.split("-")[3] for folder in folders}) == 1
    assert sorted(row["_step"] for folder in folders for row in rows_in(folder)) == [
        3,
        4,
        5,
        6,
        7,
        8,
    ]


def test_what_is_not_finite_is_kept(run_of: Callable, tmp_path: Path) -> None:
    broken = EVENTS[2] | {"train_loss": float("nan"), "val_loss": float("inf")}
    _sent(run_of([EVENTS[0], broken]), tmp_path)
    (folder,) = _folders(tmp_path)
    (row,) = rows_in(folder)
    assert math.isnan(float(row["backbone/network_0/train_loss"]))
    assert math.isinf(float(row["backbone/network_0/val_loss"]))


def test_other_modes_are_refused(
    run_of: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with pytest.raises(ConfigError, match="WANDB_MODE='disabled'; expected offline"):
        _sent(run_of(), tmp_path)


def test_two_parts_of_one_second_are_two_folders(run_of: Callable, tmp_path: Path) -> None:
    run = run_of(EVENTS[:1])
    for n in range(1, 6):
        (run / "log.jsonl").write_text(lines(EVENTS[:n]))
        assert _sent(run, tmp_path).n_lines == 1
        assert _sent(run, tmp_path).n_lines == 0
    assert len(_folders(tmp_path)) == 5
