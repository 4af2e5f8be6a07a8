"""Run folders: nothing is overwritten unasked, files appear whole, resuming checks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from topojax.config import make_config, parse_config
from topojax.errors import RunError
from topojax.files import check_new_file, write_atomically
from topojax.runs import DataFacts, Environment, RunFolder, check_run, open_run

CONFIG = make_config(overrides={"backbone.epochs": 3})


def _environment(fingerprint: str = "abc") -> Environment:
    return Environment(
        topojax="0.1.0",
        python="3.13.1",
        platform="Linux",
        device="cpu: cpu",
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


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return open_run(tmp_path / "run", CONFIG, _environment())


def test_a_new_run_holds_its_configuration_and_environment(run: RunFolder) -> None:
    assert parse_config(json.loads((run.path / "config.json").read_text())) == CONFIG
    assert Environment.read(run.path) == _environment()
    assert not run.is_complete()


def test_an_existing_folder_is_not_touched_unasked(run: RunFolder) -> None:
    before = sorted(run.path.rglob("*"))
    with pytest.raises(RunError, match=r"exists.*--resume.*--overwrite"):
        open_run(run.path, CONFIG, _environment())
    assert sorted(run.path.rglob("*")) == before


def test_overwriting_starts_anew(run: RunFolder) -> None:
    (run.path / "report.html").write_text("old")
    other = make_config(overrides={"seed": 1})
    new = open_run(run.path, other, _environment(), overwrite=True)
    assert not new.is_complete()
    assert parse_config(json.loads((new.path / "config.json").read_text())) == other


def test_a_folder_that_is_no_run_is_never_overwritten(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter1.tex").write_text("mine")
    with pytest.raises(RunError, match="not a run folder"):
        check_run(thesis, overwrite=True, resume=False)
    with pytest.raises(RunError, match="not a run folder"):
        open_run(thesis, CONFIG, _environment(), overwrite=True)
    assert (thesis / "chapter1.tex").read_text() == "mine"


def test_resuming_wants_the_same_configuration_and_data(run: RunFolder) -> None:
    assert open_run(run.path, CONFIG, _environment(), resume=True).path == run.path
    changed = make_config(overrides={"backbone.epochs": 4})
    with pytest.raises(RunError, match=r"another configuration \(backbone\.epochs\)"):
        open_run(run.path, changed, _environment(), resume=True)
    with pytest.raises(RunError, match="other data"):
        open_run(run.path, CONFIG, _environment("other"), resume=True)


def test_a_key_that_an_older_run_lacks_has_its_default(run: RunFolder) -> None:
    file = run.path / "config.json"
    values = json.loads(file.read_text("utf-8"))
    del values["search"]["crossover_rate"]
    file.write_text(json.dumps(values))
    open_run(run.path, CONFIG, _environment(), resume=True)
    changed = make_config(overrides={"search.crossover_rate": 0.9})
    with pytest.raises(RunError, match=r"search\.crossover_rate"):
        open_run(run.path, changed, _environment(), resume=True)


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be resumed"):
        check_run(tmp_path / "absent", overwrite=False, resume=True)
    with pytest.raises(RunError, match="exclude each other"):
        check_run(tmp_path / "absent", overwrite=True, resume=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made"):
        open_run(tmp_path / "file" / "run", CONFIG, _environment())


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
