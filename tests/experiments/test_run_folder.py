"""Run folders: nothing is overwritten unasked, files appear whole, resuming checks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.errors import RunError
from topojax.experiments.run_folder import RunFolder, check_run, open_run
from topojax.files import check_new_file, write_atomically

CONFIG = {"seed": 0, "backbone": {"epochs": 3}}


def _environment(fingerprint: str = "abc") -> dict[str, Any]:
    return {"data": {"fingerprint": fingerprint, "source": "breast.npz"}}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return open_run(tmp_path / "run", CONFIG, _environment())


def test_a_new_run_holds_its_configuration_and_environment(run: RunFolder) -> None:
    assert json.loads((run.path / "config.json").read_text()) == CONFIG
    assert json.loads((run.path / "environment.json").read_text()) == _environment()
    assert not run.is_complete()


def test_an_existing_folder_is_not_touched_unasked(run: RunFolder) -> None:
    before = sorted(run.path.rglob("*"))
    with pytest.raises(RunError, match=r"exists.*--resume.*--overwrite"):
        open_run(run.path, CONFIG, _environment())
    assert sorted(run.path.rglob("*")) == before


def test_overwriting_starts_anew(run: RunFolder) -> None:
    (run.path / "report.html").write_text("old")
    new = open_run(run.path, {"seed": 1}, _environment(), overwrite=True)
    assert not new.is_complete()
    assert json.loads((new.path / "config.json").read_text()) == {"seed": 1}


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
    changed = {"seed": 0, "backbone": {"epochs": 4}}
    with pytest.raises(RunError, match=r"another configuration \(backbone\.epochs\)"):
        open_run(run.path, changed, _environment(), resume=True)
    with pytest.raises(RunError, match="other data"):
        open_run(run.path, CONFIG, _environment("other"), resume=True)


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


def test_nan_is_no_json(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        run.write_json("metrics.json", {"auc": float("nan")})
    assert not (run.path / "metrics.json").exists()


def test_predictions_have_the_format_of_medmnists_evaluator(run: RunFolder) -> None:
    probabilities = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
    run.write_predictions("test", probabilities)
    rows = (run.path / "predictions_test.csv").read_text().splitlines()
    assert rows == ["0,0.25,0.75", "1,1.0,0.0"]


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
