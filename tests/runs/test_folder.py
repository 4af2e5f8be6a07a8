"""Run folders: nothing is overwritten unasked, files appear whole, resuming checks."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from topojax.config import Config, make_config, parse_config
from topojax.errors import RunError
from topojax.files import check_new_file, write_atomically
from topojax.runs import DataFacts, Environment, RunFolder, check_run, open_run
from topojax.runs.owner import Owner

CONFIG = make_config(overrides={"backbone.epochs": 3})


def _environment(fingerprint: str = "abc", **changes: Any) -> Environment:
    environment = Environment(
        topojax="0.1.0",
        python="3.13.1",
        platform="Linux",
        device="cpu: cpu",
        n_devices=1,
        packages={"numpy": "2.5.5"},
        seed=0,
        started="2026-11-23T09:00:00+00:00",
        command=("topojax", "fit", "breast.npz"),
        data=DataFacts(
            name="breast",
            source="breast.npz",
            shape=(28, 28),
            spatial_dims=2,
            n_channels=1,
            class_names=("benign", "malignant"),
            n={"train": 546, "val": 78, "test": 156},
            fingerprint=fingerprint,
        ),
    )
    return environment.model_copy(update=changes)


def _open(path: Path, config: Config = CONFIG, *, overwrite: bool = False) -> RunFolder:
    """Return a run as a process leaves it that opens it and ends."""
    with open_run(path, config, _environment(), overwrite=overwrite) as folder:
        return folder


def _resume(
    path: Path, config: Config = CONFIG, environment: Environment | None = None
) -> RunFolder:
    with open_run(path, config, environment or _environment(), resume=True) as folder:
        return folder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return _open(tmp_path / "run")


def test_a_new_run_holds_its_configuration_and_environment(run: RunFolder) -> None:
    assert parse_config(json.loads((run.path / "config.json").read_text())) == CONFIG
    assert Environment.read(run.path) == _environment()
    assert not run.is_complete()


def test_an_existing_folder_is_not_touched_unasked(run: RunFolder) -> None:
    before = sorted(run.path.rglob("*"))
    with pytest.raises(RunError, match=r"exists.*--resume.*--overwrite"):
        _open(run.path)
    assert sorted(run.path.rglob("*")) == before


def test_overwriting_starts_anew(run: RunFolder) -> None:
    (run.path / "report.html").write_text("old")
    other = make_config(overrides={"seed": 1})
    new = _open(run.path, other, overwrite=True)
    assert not new.is_complete()
    assert parse_config(json.loads((new.path / "config.json").read_text())) == other


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter1.tex").write_text("mine")
    with pytest.raises(RunError, match="not a run folder"):
        check_run(thesis, overwrite=True, resume=False)
    with pytest.raises(RunError, match="not a run folder"):
        _open(thesis, overwrite=True)
    assert (thesis / "chapter1.tex").read_text() == "mine"


def test_resuming_wants_the_same_configuration_and_data(run: RunFolder) -> None:
    assert _resume(run.path).path == run.path
    changed = make_config(overrides={"backbone.epochs": 4})
    with pytest.raises(RunError, match=r"another configuration \(backbone\.epochs\)"):
        _resume(run.path, changed)
    with pytest.raises(RunError, match="other data"):
        _resume(run.path, environment=_environment("other"))


def test_a_key_that_an_older_run_lacks_has_its_default(run: RunFolder) -> None:
    file = run.path / "config.json"
    values = json.loads(file.read_text("utf-8"))
    del values["search"]["crossover_rate"]
    file.write_text(json.dumps(values))
    _resume(run.path)
    changed = make_config(overrides={"search.crossover_rate": 0.9})
    with pytest.raises(RunError, match=r"search\.crossover_rate"):
        _resume(run.path, changed)


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be resumed"):
        check_run(tmp_path / "absent", overwrite=False, resume=True)
    with pytest.raises(RunError, match="exclude each other"):
        check_run(tmp_path / "absent", overwrite=True, resume=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made"):
        _open(tmp_path / "file" / "run")


def test_writing_replaces_whole_files_and_leaves_no_other(tmp_path: Path) -> None:
    target = tmp_path / "metrics.json"
    write_atomically(target, b"old")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["metrics.json"]
    with pytest.raises(RunError, match="cannot be written"):
        write_atomically(tmp_path / "absent" / "file", b"")


def test_log_is_one_json_object_a_line(run: RunFolder) -> None:
    run.log("epoch", epoch=0, val_auc=0.5)
    events = [json.loads(line) for line in (run.path / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["started", "epoch"]
    assert events[1]["val_auc"] == 0.5


def test_new_files_are_checked_before_any_work(tmp_path: Path) -> None:
    check_new_file(tmp_path / "new.csv")
    (tmp_path / "old.csv").write_text("")
    with pytest.raises(RunError, match="exists"):
        check_new_file(tmp_path / "old.csv")
    with pytest.raises(RunError, match="no writable folder"):
        check_new_file(tmp_path / "absent" / "new.csv")


@pytest.mark.parametrize("n_kept", range(4))
@pytest.mark.parametrize("how", ["resume", "overwrite"])
def test_a_run_killed_before_it_had_begun_is_begun(tmp_path: Path, how: str, n_kept: int) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / ".environment.json.ab12cd34.part").write_text("{")
    for name in ("environment.json", ".config.json.lw5ku7wv", "lock.json")[:n_kept]:
        if name == "environment.json":
            _environment().write(path)
        else:
            (path / name).write_text(_dead_lock() if name == "lock.json" else "{")
    with open_run(path, CONFIG, _environment(), **{how: True}) as folder:
        assert not folder.is_resumed
    assert {entry.name for entry in path.iterdir()} == {
        "config.json",
        "environment.json",
        "log.jsonl",
    }
    assert parse_config(json.loads((path / "config.json").read_text())) == CONFIG


def _dead_lock() -> str:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    owner = Owner.this().model_copy(update={"pid": gone.pid})
    return json.dumps(owner.to_json() | {"work": "run", "token": "other"})


def test_a_users_environment_file_makes_no_run(tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text('{"mine": 1}')
    for how in ({"overwrite": True, "resume": False}, {"overwrite": False, "resume": True}):
        with pytest.raises(RunError, match=r"not a run folder|holds no config\.json"):
            check_run(tmp_path, **how)
    assert (tmp_path / "environment.json").read_text() == '{"mine": 1}'


def test_overwriting_that_was_killed_leaves_nothing_of_the_old_run(run: RunFolder) -> None:
    run.report.write_text("old")
    (run.path / "config.json").unlink()  # what goes first
    (run.path / "lock.json").write_text(_dead_lock())
    folder = _resume(run.path, make_config(overrides={"seed": 9}))
    assert not folder.is_complete()
    assert json.loads((run.path / "config.json").read_text())["seed"] == 9


def test_a_run_that_cannot_begin_leaves_nothing(tmp_path: Path) -> None:
    broken = _environment().model_copy(update={"seed": float("nan")})
    with (
        pytest.raises(ValueError, match="not JSON compliant"),
        open_run(tmp_path / "run", CONFIG, broken),
    ):
        pytest.fail("it was opened")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_devices": 2}, "begun on 1 x cpu: cpu, resumed on 2 x cpu: cpu"),
        ({"device": "gpu: H100"}, "begun on 1 x cpu: cpu, resumed on 1 x gpu: H100"),
        ({"packages": {"numpy": "2.6.0"}}, "begun on numpy 2.5.5, resumed on numpy 2.6.0"),
        ({"topojax": "0.2.0"}, "begun on topojax 0.1.0, resumed on topojax 0.2.0"),
    ],
)
def test_going_on_elsewhere_is_said_and_kept(
    run: RunFolder, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], said: str
) -> None:
    with caplog.at_level(logging.WARNING, "topojax"):
        assert _resume(run.path).changes == ()
        assert caplog.messages == []
        (change,) = _resume(run.path, environment=_environment(**changes)).changes
    assert change.startswith(said)
    assert caplog.messages == [change]
    assert _resume(run.path).changes == (change,), "the last process is not the only one"


def test_a_run_of_a_version_that_counted_no_devices_goes_on(run: RunFolder) -> None:
    file = run.path / "environment.json"
    values = json.loads(file.read_text())
    del values["n_devices"]
    file.write_text(json.dumps(values))
    assert _resume(run.path).changes == ()


def test_a_line_of_the_log_that_a_kill_cut_is_dropped(run: RunFolder) -> None:
    with (run.path / "log.jsonl").open("a") as log:
        log.write('{"time": "2026-11-23T09:0')
    _resume(run.path)
    events = [json.loads(line) for line in (run.path / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["started", "resumed"]


def test_what_a_killed_process_was_writing_is_removed(run: RunFolder) -> None:
    (run.path / ".metrics.json.ab12cd34.part").write_text("{")
    (run.path / ".mine").write_text("")
    _resume(run.path)
    assert {entry.name for entry in run.path.glob(".*")} == {".mine"}


def test_a_path_that_no_file_system_takes_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / ("a" * 300), tmp_path / "/".join(["a" * 200] * 30)):
        for how in ("overwrite", "resume", "neither"):
            with pytest.raises(RunError, match=r"too long; choose another"):
                check_run(path, overwrite=how == "overwrite", resume=how == "resume")
        with pytest.raises(RunError, match=r"too long; choose another"):
            check_new_file(path)
    with pytest.raises(RunError, match="null"):
        check_new_file(tmp_path / "a\0b")


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    target = tmp_path / ("ä" * 120 + ".csv")
    write_atomically(target, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]
