"""Whole runs: what is written, in which order, that a killed run goes on to the same end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax import TopoCAM
from topojax.config import Config, make_config
from topojax.data import SPLITS, Dataset, read_medmnist
from topojax.errors import DataError, RunError
from topojax.experiments import fit_run
from topojax.experiments.caveats import RESUMED
from topojax.experiments.fit_run import plan_run
from topojax.runs import Metrics


@pytest.fixture(scope="module")
def config(tiny: dict[str, Any]) -> Config:
    return make_config(overrides=tiny)


@pytest.fixture(scope="module")
def data(discs_file: Path) -> Dataset:
    return read_medmnist(str(discs_file))


@pytest.fixture
def run(discs_run: Path) -> Path:
    return discs_run


def _metrics(path: Path) -> Metrics:
    """Return the metrics without what differs from one process to the next."""
    return Metrics.read(path).model_copy(update={"timing": {}, "warnings": ()})


def _events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()]


def test_the_folder_holds_every_file_of_a_run(run: Path) -> None:
    expected = {
        "config.json",
        "environment.json",
        "metrics.json",
        "predictions_train.csv",
        "predictions_val.csv",
        "predictions_test.csv",
        "features.npz",
        "checkpoint",
        "log.jsonl",
        "report.html",
    }
    assert {entry.name for entry in run.iterdir()} == expected
    assert {entry.name for entry in (run / "checkpoint").iterdir()} == {"model"}


def test_no_sample_is_dropped(run: Path, data: Dataset) -> None:
    with np.load(run / "features.npz") as features:
        for split in SPLITS:
            n = len(data.split(split).labels)
            assert len(features[f"{split}_descriptors"]) == n
            rows = (run / f"predictions_{split}.csv").read_text().splitlines()
            assert [int(row.split(",")[0]) for row in rows] == list(range(n))
            assert _metrics(run).topocam[split].n == n
            assert _metrics(run).roi[split].n == n


def test_every_score_has_an_interval_around_it(run: Path) -> None:
    metrics = _metrics(run)
    for scores in (*metrics.topocam.values(), *metrics.backbone.values()):
        assert scores.metrics.keys() == {"auc", "accuracy", "sensitivity", "specificity", "f1"}
        for score in scores.metrics.values():
            assert 0 <= score.low <= score.value <= score.high <= 1


def test_what_is_unusual_is_said(run: Path) -> None:
    warnings = Metrics.read(run).warnings
    assert "layer4's map is one cell at (28, 28): it is flat and adds nothing" in warnings
    assert any("trained from scratch" in warning for warning in warnings)


def test_the_test_split_is_read_once_after_every_choice(run: Path) -> None:
    names = [event["event"] for event in _events(run)]
    assert names.count("test_read") == 1
    for choice in ("epoch", "generation", "roi_rule_fixed", "classifier_fixed"):
        assert choice in names
        assert len(names) - 1 - names[::-1].index(choice) < names.index("test_read")


def test_the_saved_model_predicts_what_the_run_did(run: Path, data: Dataset) -> None:
    model = TopoCAM.load(run)
    rows = np.loadtxt(run / "predictions_test.csv", delimiter=",")
    np.testing.assert_allclose(model.predict_proba(data.test.images), rows[:, 1:], atol=1e-5)


def test_a_complete_run_is_left_as_it_is_when_resumed(
    run: Path, data: Dataset, config: Config
) -> None:
    before = (run / "metrics.json").stat().st_mtime_ns
    fit_run(data, config, run, resume=True)
    assert (run / "metrics.json").stat().st_mtime_ns == before


def test_a_run_killed_in_its_last_clean_up_is_cleaned_up(
    run: Path, data: Dataset, config: Config, tmp_path: Path
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    state = copy / "checkpoint" / "progress" / "backbone"
    state.mkdir(parents=True)
    (state / "state").write_text("")
    (copy / "checkpoint" / "model.orbax-checkpoint-tmp").mkdir()
    (copy / ".report.html.ab12cd34.part").write_text("<")
    fit_run(data, config, copy, resume=True)
    assert _contents(copy) == _contents(run)


def _contents(path: Path) -> dict[Path, bytes]:
    files = (file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path): file.read_bytes() for file in files}


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no owner is known to be dead")
@pytest.mark.parametrize("how", ["overwrite", "resume"])
def test_beside_a_living_run_its_folder_is_not_touched(
    run: Path, data: Dataset, config: Config, tmp_path: Path, how: str
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "report.html").unlink()
    script = (
        "import sys; from pathlib import Path; from topojax.runs.lock import hold\n"
        "with hold(Path(sys.argv[1]), 'run'): print('owned', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(copy)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "owned\n"
    before = _contents(copy)
    with pytest.raises(RunError, match=rf"in use by process {other.pid} on .*; wait for it"):
        fit_run(data, config, copy, **{how: True})
    assert _contents(copy) == before
    other.communicate()
    assert not (copy / "lock.json").exists()


def test_later_scans_are_held_to_the_spacing_of_the_run(data: Dataset, config: Config) -> None:
    measured = replace(data, spacing=(0.5, 0.25))
    plan = plan_run(measured, config, progress=False)
    assert plan.config.prepare.expected_spacing == (0.5, 0.25)
    assert plan_run(data, config, progress=False).config.prepare.expected_spacing is None


def test_bad_data_leaves_nothing(data: Dataset, config: Config, tmp_path: Path) -> None:
    one_class = replace(data, val=replace(data.val, labels=np.zeros_like(data.val.labels)))
    with pytest.raises(DataError, match="class"):
        fit_run(one_class, config, tmp_path / "run")
    alone = np.ones_like(data.test.labels)
    alone[0] = 0
    with pytest.raises(DataError, match=r"the test split has 1 samples of class 0 \(.*\); interv"):
        fit_run(replace(data, test=replace(data.test, labels=alone)), config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


_SCRIPT = """
import sys
from pathlib import Path
from topojax.config import make_config
from topojax.data import synthetic_dataset
from topojax.experiments import fit_run
import json
data = synthetic_dataset(
    "shapes", seed=7, n_train=32, n_val=16, n_test=20, size=28, spatial_dims=2
)
overrides = json.loads(sys.argv[2])
fit_run(data, make_config(overrides=overrides), Path(sys.argv[1]), resume=sys.argv[3] == "resume")
"""


def _start(path: Path, overrides: dict[str, Any], how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(path), json.dumps(overrides), how],
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def _kill_after(process: subprocess.Popen[str], path: Path, event: str, number: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if (path / "log.jsonl").exists():
            names = [json.loads(x)["event"] for x in _complete_lines(path / "log.jsonl")]
            if names.count(event) >= number:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return
        time.sleep(0.02)
    pytest.fail(f"the run ended before event {event} {number}: {process.communicate()[1]}")


def _complete_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_run_killed_twice_ends_as_one_that_was_not(tiny: dict[str, Any], tmp_path: Path) -> None:
    overrides = tiny | {"backbone.epochs": 4, "search.generations": 6}
    _finish(_start(tmp_path / "whole", overrides, "new"))
    killed = tmp_path / "killed"
    _kill_after(_start(killed, overrides, "new"), killed, "epoch", 2)
    assert not (killed / "report.html").exists()
    _kill_after(_start(killed, overrides, "resume"), killed, "generation", 3)
    _finish(_start(killed, overrides, "resume"))
    events = _events(killed)
    epochs = [event["epoch"] for event in events if event["event"] == "epoch"]
    assert sorted(set(epochs)) == [0, 1, 2, 3]
    assert len(epochs) <= 5, "epochs that were finished are not run again"
    assert _metrics(killed) == _metrics(tmp_path / "whole")
    assert RESUMED in Metrics.read(killed).warnings
    assert RESUMED not in Metrics.read(tmp_path / "whole").warnings
    for split in SPLITS:
        name = f"predictions_{split}.csv"
        assert (killed / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
