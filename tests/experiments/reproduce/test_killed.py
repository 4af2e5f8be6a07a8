"""A reproduction that is killed goes on, and makes the table of one that was not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

_WAIT = 300.0


def _command(data: Path, output: Path, tiny: dict[str, Any]) -> list[str]:
    call = "import sys; from topojax.cli import main; sys.argv[0] = 'topojax'; main()"
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    words = ["reproduce", "table3", "figure5", "--datasets", str(data), "--size", "24"]
    chosen = ["--models", "resnet18,topocam,topo-original", "-o", str(output)]
    return [sys.executable, "-c", call, *words, *chosen, *settings]


@pytest.mark.slow
def test_a_killed_reproduction_makes_the_same_tables(
    discs_file: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(_command(discs_file, whole, tiny), check=True, capture_output=True)
    process = subprocess.Popen(
        _command(discs_file, killed, tiny), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # In the first run, which has begun to keep its progress.
    deadline = time.monotonic() + _WAIT
    while not list(killed.glob("runs/*/checkpoint/progress/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(killed.glob("runs/*/checkpoint/progress/*"))
    assert not (killed / "tables.csv").exists()
    subprocess.run(_command(discs_file, killed, tiny), check=True, capture_output=True)
    for name in ("tables.csv", "tables.md", "tables.tex", "figure5_my_discs.csv"):
        assert (killed / name).read_text("utf-8") == (whole / name).read_text("utf-8"), name
