"""A reproduction that is killed goes on, and makes the table of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

_WAIT = 300.0
_PROGRESS = "runs/*/checkpoint/progress/*"


_NAMES = ("tables.csv", "tables.md", "tables.tex", "figure5_my_discs.csv")


def _command(data: Path, output: Path, tiny: dict[str, Any], *more: str) -> list[str]:
    call = "import sys; from topojax.cli import main; sys.argv[0] = 'topojax'; main()"
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    words = ["reproduce", "table3", "figure5", "--datasets", str(data), "--size", "24"]
    chosen = ["--models", "resnet18,topocam,topo-original", "-o", str(output)]
    return [sys.executable, "-c", call, *words, *chosen, *settings, *more]


@pytest.fixture(scope="module")
def whole(discs_file: Path, tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "whole"
    subprocess.run(_command(discs_file, folder, tiny), check=True, capture_output=True)
    return folder


def _begun(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Begin a command, and return it in a run that has begun to keep its progress."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _WAIT
    while not list(folder.glob(_PROGRESS)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(folder.glob(_PROGRESS))
    return process


def _assert_same_tables(folder: Path, whole: Path) -> None:
    for name in _NAMES:
        assert (folder / name).read_text("utf-8") == (whole / name).read_text("utf-8"), name


@pytest.mark.slow
def test_a_killed_reproduction_makes_the_same_tables(
    discs_file: Path, tiny: dict[str, Any], tmp_path: Path, whole: Path
) -> None:
    killed = tmp_path / "killed"
    process = _begun(_command(discs_file, killed, tiny), killed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "tables.csv").exists()
    subprocess.run(_command(discs_file, killed, tiny), check=True, capture_output=True)
    _assert_same_tables(killed, whole)


@pytest.fixture(params=["workers", "scheduler"])
def spread_over(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """Return the options that spread a reproduction over two processes."""
    if request.param == "workers":
        yield ("--workers", "2")
        return
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield ("--scheduler", cluster.scheduler_address)


@pytest.mark.slow
def test_workers_and_commands_that_are_killed_lose_nothing(
    discs_file: Path, tiny: dict[str, Any], tmp_path: Path, whole: Path, spread_over: tuple
) -> None:
    killed = tmp_path / "killed"
    command = _command(discs_file, killed, tiny, *spread_over)
    process = _begun(command, killed)
    if spread_over[0] == "--workers":  # those of Dask outlive the command
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (killed / "tables.csv").exists()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    worker = _worker(killed)
    assert worker != process.pid
    os.kill(worker, signal.SIGKILL)
    assert process.wait() == 0
    _assert_same_tables(killed, whole)
    assert {run.name for run in killed.glob("runs/*")} == {run.name for run in whole.glob("runs/*")}
    for file in whole.glob("runs/*/predictions_test.csv"):
        other = killed / file.relative_to(whole)
        assert other.read_bytes() == file.read_bytes()


def _worker(folder: Path) -> int:
    """Wait for a process that lives and holds a run, and return its number."""
    deadline = time.monotonic() + _WAIT
    while time.monotonic() < deadline:
        for lock in folder.glob("runs/*/lock.json"):
            with suppress(OSError, ValueError):
                pid = json.loads(lock.read_text())["pid"]
                os.kill(pid, 0)
                return pid
        time.sleep(0.02)
    raise AssertionError("no run is being made")
