"""Runs are made once, gone on with, and fail alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from topojax.config import Config, make_config
from topojax.data import Dataset, synthetic_dataset
from topojax.errors import DataError
from topojax.evaluation import Interval, Scores
from topojax.evaluation.scores import METRICS
from topojax.experiments.reproduce.made import running
from topojax.experiments.reproduce.made.network_run import NetworkScores, network_run
from topojax.experiments.reproduce.made.running import run_all
from topojax.experiments.reproduce.planned import PlannedRun


def _scores(value: float) -> Scores:
    metrics = {name: Interval(value, value - 0.1, value + 0.1) for name in METRICS}
    return Scores(metrics, {}, 20, 100, 0.95)


def _runs(tiny: dict[str, Any], *names: str) -> list[PlannedRun]:
    return [
        PlannedRun("network", name, make_config(overrides=tiny | {"backbone.name": "resnet18"}))
        for name in names
    ]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the folders of networks that are trained, which a stub does."""
    names: list[str] = []

    def stub(dataset: Dataset, config: Config, path: Path, *, progress: bool = False) -> None:
        names.append(path.name)
        if config.seed == 13:
            raise ZeroDivisionError("no luck")
        path.mkdir(exist_ok=True)
        NetworkScores(test=_scores(0.7).to_json(), best_epoch=0, seconds=1.0).write(path)

    monkeypatch.setattr(running, "network_run", stub)
    return names


def test_a_run_is_made_once_and_serves_again(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path, made: list[str]
) -> None:
    runs = _runs(tiny, "discs")
    for _ in range(2):
        outcomes = run_all([*runs, *runs], lambda name, size: discs, tmp_path)
        assert outcomes[runs[0]].scores("backbone") == _scores(0.7)
    assert len(made) == 1


def test_what_fails_leaves_the_others(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path, made: list[str]
) -> None:
    good, absent = _runs(tiny, "discs", "gone")
    bad = PlannedRun("network", "discs", good.config.model_copy(update={"seed": 13}))

    def read(name: str, size: int | None) -> Dataset:
        if name == "gone":
            raise DataError("gone is not here; put it there")
        return discs

    outcomes = run_all([absent, bad, good], read, tmp_path)
    assert outcomes[good].failure is None
    assert outcomes[absent].failure == "gone is not here; put it there"
    assert outcomes[bad].failure == "ZeroDivisionError: no luck"
    assert all(outcomes[run].scores("backbone") is None for run in (absent, bad))
    (reason,) = tmp_path.glob("*.failure.txt")
    assert "Traceback" in reason.read_text()
    assert len(made) == 2
    # It is tried again, and what it left is gone once it succeeds.
    assert run_all([bad], read, tmp_path)[bad].failure is not None
    assert len(made) == 3


def test_folders_tell_configuration_and_data_apart(discs: Dataset, tiny: dict[str, Any]) -> None:
    others = synthetic_dataset("shapes", seed=8, n_train=8, n_val=4, n_test=4, size=28)
    (run,) = _runs(tiny, "discs")
    other = PlannedRun("network", "discs", run.config.model_copy(update={"seed": 1}))
    whole = PlannedRun("method", "discs", run.config)
    names = {one.folder_name(discs.fingerprint()) for one in (run, other, whole)}
    assert len(names | {run.folder_name(others.fingerprint())}) == 4
    assert run.folder_name(discs.fingerprint()).startswith("discs_resnet18_seed0_")


def test_a_network_is_trained_scored_and_not_trained_again(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = _runs(tiny | {"backbone.epochs": 1}, "discs")
    path = tmp_path / "network"
    network_run(discs, run.config, path)
    found = NetworkScores.read(path)
    scores = Scores.from_json(found.test)
    assert scores.n == len(discs.test.labels)
    assert 0 <= scores.metrics["auc"].low <= scores.metrics["auc"].value
    assert (path / "predictions_test.csv").exists()
    monkeypatch.setattr("topojax.experiments.reproduce.made.network_run.fit_networks", None)
    network_run(discs, run.config, path)
    assert NetworkScores.read(path) == found
