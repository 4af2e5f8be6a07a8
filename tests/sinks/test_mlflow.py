"""What lies in a file store of MLflow, and that nothing lies there twice."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topojax.errors import RunError
from topojax.runs import Metrics
from topojax.sinks import State, send_run

from .conftest import BEGUN, EVENTS, lines

pytest.importorskip(
    "mlflow", reason="mlflow-skinny is an extra of some 70 MB, and no part of `test`"
)


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_ALLOW_FILE_STORE"):
        monkeypatch.delenv(name, raising=False)


def _only_run(store: Path, experiment: str = "topojax") -> tuple[Any, Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store.as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return client, run


def _points(client: Any, run: Any) -> dict[str, list[tuple[int, float, int]]]:
    return {
        name: [
            (m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, name)
        ]
        for name in run.data.metrics
    }


def test_a_run_is_found_whole(run_of: Callable, tmp_path: Path) -> None:
    sent = send_run(run_of(), "mlflow", output=tmp_path / "store")
    assert (sent.n_lines, sent.state) == (len(EVENTS), State.FINISHED)
    client, run = _only_run(tmp_path / "store")
    assert (run.info.run_name, run.info.status) == ("discs", "FINISHED")
    assert run.info.start_time == BEGUN * 1000
    assert run.info.end_time == (BEGUN + len(EVENTS) - 1) * 1000
    assert run.data.params["search.objective"] == "cv-auc"
    assert run.data.params["data.name"] == "discs"
    points = _points(client, run)
    first, second = (
        (epoch, auc, (BEGUN + 2 + epoch) * 1000) for epoch, auc in ((0, 0.6), (1, 0.7))
    )
    assert points["backbone/network_0/val_auc"] == [first, second]
    assert points["seconds/backbone"] == [(0, 12.5, (BEGUN + 5) * 1000)]
    assert run.data.metrics["scores/test/topology_and_embedding/auc_low"] == 0.5
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {
        "report.html",
        "metrics.json",
        "config.json",
        "environment.json",
        "warnings.md",
    }


def test_parts_and_repetitions_double_nothing(
    run_of: Callable, metrics: Metrics, tmp_path: Path
) -> None:
    run = run_of(EVENTS[:4])
    first = send_run(run, "mlflow", output=tmp_path / "parts")
    assert (first.n_lines, first.state) == (4, State.INTERRUPTED)
    assert _only_run(tmp_path / "parts")[1].info.status == "KILLED"
    (run / "log.jsonl").write_text(lines(EVENTS))
    metrics.write(run)
    (run / "report.html").touch()
    assert send_run(run, "mlflow", output=tmp_path / "parts").n_lines == len(EVENTS) - 4
    assert send_run(run, "mlflow", output=tmp_path / "parts").n_lines == 0
    assert send_run(run, "mlflow", output=tmp_path / "once").n_lines == len(EVENTS)
    parts, once = _only_run(tmp_path / "parts"), _only_run(tmp_path / "once")
    assert _points(*parts) == _points(*once)
    assert parts[1].info.status == "FINISHED"
    assert parts[1].data.params == once[1].data.params


def test_infinite_values_are_left_out_and_told_of(
    run_of: Callable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = EVENTS[2] | {"train_loss": float("nan"), "val_loss": float("-inf")}
    send_run(run_of([EVENTS[0], broken]), "mlflow", output=tmp_path / "store")
    assert "backbone/network_0/val_loss of epoch 0 is -inf and left out" in caplog.text
    _, run = _only_run(tmp_path / "store")
    assert math.isnan(run.data.metrics["backbone/network_0/train_loss"])
    assert "backbone/network_0/val_loss" not in run.data.metrics


def test_what_mlflow_is_set_to_is_used(
    run_of: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "set").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "shapes")
    assert str(tmp_path / "set") in send_run(run_of(), "mlflow").place
    assert _only_run(tmp_path / "set", "shapes")[1].info.run_name == "discs"


def test_a_refusal_is_one_line(
    run_of: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "moon://")
    with pytest.raises(RunError, match=r"MLflow at moon:// refuses: .*; give --output") as caught:
        send_run(run_of(), "mlflow")
    assert "\n" not in str(caught.value)
