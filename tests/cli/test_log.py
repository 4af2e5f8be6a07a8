"""`topojax log`: libraries are imported where they are asked for; crashes are not waited for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from topojax.sinks import SINKS

LIBRARIES = {"mlflow": "mlflow", "wandb": "wandb", "tensorboard": "tensorboardX"}

RUN = """
import sys, time
from pathlib import Path
from topojax.config import make_config
from topojax.runs import DataFacts, Environment, open_run
data = DataFacts(name="discs", source="made", shape=(28, 28), spatial_dims=2, n_channels=1,
    class_names=("disc", "ring"), n={"train": 32, "val": 16, "test": 20}, fingerprint="0")
environment = Environment(topojax="0", python="3", platform="linux", device="cpu", packages={},
    seed=0, started="2026-01-01T00:00:00+00:00", data=data)
with open_run(Path(sys.argv[1]), make_config("sound"), environment) as folder:
    for epoch in range(1000):
        folder.log("epoch", epoch=epoch, train_loss=0.5, val_loss=0.5, val_auc=0.5)
        print(epoch, flush=True)
        time.sleep(0.2)
"""


def test_no_library_is_imported_before_it_is_asked_for() -> None:
    imports = "import sys, topojax.cli.runs.log, topojax.sinks"
    code = f"{imports}; print([m for m in {{}} if m in sys.modules])"
    heavy = [*LIBRARIES.values(), "jax", "numba"]
    result = subprocess.run(
        [sys.executable, "-c", code.format(heavy)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_sinks_are_those_of_the_command(topojax: Callable) -> None:
    outcome = topojax("log", "--help")
    assert f"[{'|'.join(SINKS)}]" in outcome.out
    assert "Examples:" in outcome.out
    assert SINKS.keys() == LIBRARIES.keys()


@pytest.mark.parametrize(("sink", "library"), LIBRARIES.items())
def test_an_extra_that_is_missing_is_named(
    topojax: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sink: str, library: str
) -> None:
    for module in [m for m in sys.modules if m.partition(".")[0] == library or m == SINKS[sink][0]]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    outcome = topojax("log", tmp_path, "--to", sink, "-o", tmp_path)
    assert outcome.code == 4
    assert f"pip install 'topojax[{sink}]'" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_folder_that_is_no_run_is_refused(topojax: Callable, tmp_path: Path) -> None:
    outcome = topojax("log", tmp_path, "--to", "tensorboard", "-o", tmp_path / "logs")
    assert outcome.code == 6
    assert "holds no log.jsonl" in outcome.err
    assert not (tmp_path / "logs").exists()


def test_a_killed_run_is_followed_to_its_end(topojax: Callable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    fit = subprocess.Popen([sys.executable, "-c", RUN, run], stdout=subprocess.PIPE, text=True)
    try:
        assert fit.stdout is not None
        assert fit.stdout.readline() == "0\n"
        command = [sys.executable, "-m", "topojax", "log", run, "--to", "tensorboard", "--follow"]
        with subprocess.Popen(
            [*command, "-o", tmp_path / "logs"], stdout=subprocess.PIPE, text=True
        ) as follower:
            while fit.stdout.readline() != "10\n":
                assert follower.poll() is None
            fit.kill()
            fit.wait()
            told, _ = follower.communicate(timeout=60)
    finally:
        fit.kill()
        fit.wait()
    assert follower.returncode == 0
    n_lines = len((run / "log.jsonl").read_text().splitlines())
    assert n_lines >= 12
    assert f"interrupted: {n_lines} new lines" in told
    assert "The run did not end" in told
