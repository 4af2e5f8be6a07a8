"""Commands whose work can be spread: what they refuse, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

_COMMANDS = {
    "leaktest": ("leaktest", "absent.npz"),
    "learning-curve": ("learning-curve", "absent.npz", "-n", "all"),
    "reproduce": ("reproduce", "table3"),
}


@pytest.mark.parametrize("command", _COMMANDS)
def test_one_way_at_most_is_asked_before_any_data(topojax: Callable, command: str) -> None:
    done = topojax(*_COMMANDS[command], "--workers", 2, "--scheduler", "tcp://10.0.0.1:8786")
    assert done.code == 4
    assert "--workers=2 and --scheduler=tcp://10.0.0.1:8786; expected one" in done.err
    assert topojax(*_COMMANDS[command], "--workers", 0).code == 2


@pytest.mark.slow
def test_ctrl_c_ends_all_workers_in_one_line(discs_file: Path, tmp_path: Path) -> None:
    call = "import sys; from topojax.cli import main; sys.argv[0] = 'topojax'; main()"
    given = ["leaktest", str(discs_file), "--workers", "2", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-c", call, "-q", *given],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    # As a terminal does, it reaches the workers, too.
    workers = _workers(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines() == [
        "topojax: interrupted; the same command goes on from here, a fit with --resume and its "
        "--output"
    ]
    assert len(workers) == 2
    assert not any(_command_of(pid) for pid in workers)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["leaktest.json"]


def _workers(parent: int) -> list[int]:
    """Wait for two workers that have imported jax, and return their numbers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        children = [int(pid) for pid in _children(parent)]
        found = [pid for pid in children if "jaxlib" in _maps_of(pid)]
        if len(found) == 2:
            return found
        time.sleep(0.1)
    raise AssertionError("no two workers")


def _children(parent: int) -> list[str]:
    found: list[str] = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        found += children.read_text().split()
    return found


def _maps_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def _command_of(pid: int) -> str:
    """Return the command of a process; nothing of one that has ended."""
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_text() if file.exists() else ""
