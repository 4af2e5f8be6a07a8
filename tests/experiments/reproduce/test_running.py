"""Runs are made once, gone on with, and fail alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any, ClassVar

import pytest

from spread_calls import Pickling
from topojax.config import Config, make_config
from topojax.data import Dataset, synthetic_dataset
from topojax.errors import DataError
from topojax.evaluation import Interval, Scores
from topojax.evaluation.scores import METRICS
from topojax.experiments.reproduce.made import one_run
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

    monkeypatch.setattr(one_run, "network_run", stub)
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


class _Source:
    """Reads `discs` for whoever has the name, as a function that can be imported would."""

    known: ClassVar[dict[str, Dataset]] = {}
    n_read: ClassVar[list[str]] = []

    def __call__(self, name: str, size: int | None) -> Dataset:
        self.n_read.append(name)
        if name not in self.known:
            raise DataError(f"{name} is not here; put it there")
        return self.known[name]


def test_runs_that_are_spread_are_made_once_and_fail_alone(
    discs: Dataset,
    tiny: dict[str, Any],
    tmp_path: Path,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Two names of the same data, whose runs have one folder.
    monkeypatch.setattr(_Source, "known", {"a/discs": discs, "b/discs": discs})
    good, same, absent = _runs(tiny, "a/discs", "b/discs", "gone")
    bad = PlannedRun("network", "a/discs", good.config.model_copy(update={"seed": 13}))
    runs = [absent, bad, good, same, good]
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    with Pickling(2) as executor:
        outcomes = run_all(runs, _Source(), tmp_path / "there", executor=executor)
    assert len(made) == 2
    assert [outcomes[run].failure for run in (good, same)] == [None, None]
    assert outcomes[good].folder == outcomes[same].folder
    here = run_all(runs, _Source(), tmp_path / "here")
    for run in runs:
        assert outcomes[run].failure == here[run].failure
        assert outcomes[run].scores("backbone") == here[run].scores("backbone")
    assert here[absent].failure == "gone is not here; put it there"
    there, own = (
        sorted(file.relative_to(folder) for file in folder.rglob("*"))
        for folder in (tmp_path / "there", tmp_path / "here")
    )
    assert there == own
    assert sum(file.name.endswith(".failure.txt") for file in there) == 1


def test_what_a_worker_left_on_a_disk_of_its_own_is_no_run(
    discs: Dataset, tiny: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Source, "known", {"discs": discs})
    monkeypatch.setattr(one_run, "network_run", lambda *_, **__: None)
    (run,) = _runs(tiny, "discs")
    with Pickling(1) as executor:
        outcomes = run_all([run], _Source(), tmp_path, executor=executor)
    assert "on a disk that all machines share" in str(outcomes[run].failure)


class _Killing(Executor):
    """An executor each of whose workers dies over the runs of one seed."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if args[0].run.config.seed == 3:
            future.set_exception(BrokenExecutor("killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_a_run_that_ends_every_worker_leaves_its_reason_and_the_others(
    discs: Dataset,
    tiny: dict[str, Any],
    tmp_path: Path,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_Source, "known", {"discs": discs})
    (good,) = _runs(tiny, "discs")
    deadly = PlannedRun("network", "discs", good.config.model_copy(update={"seed": 3}))
    outcomes = run_all([deadly, good], _Source(), tmp_path, executor=_Killing())
    assert outcomes[good].failure is None
    said = "its worker died at each of 3 tries (BrokenExecutor: killed)"
    assert outcomes[deadly].failure == said
    (reason,) = tmp_path.glob("*.failure.txt")
    assert reason.read_text() == f"{said}\n"
    assert run_all([deadly], _Source(), tmp_path)[deadly].failure is None
    assert not reason.exists()
