"""Workers begin with as many of XLA's threads as the process that asks them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from topojax.executors.xla_threads import same_xla_threads
from topojax.kernels.threads import check_threads

_SAY = "import os; print(os.environ.get('PJRT_NPROC'), os.environ.get('NPROC'))"


def _said() -> str:
    found = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, check=True)
    return found.stdout.decode().strip()


def test_processes_that_begin_meanwhile_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PJRT_NPROC", "NPROC"):
        monkeypatch.delenv(name, raising=False)
    with same_xla_threads():
        assert _said() == f"{check_threads(None)} None"
    assert _said() == "None None"


def test_what_the_user_says_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PJRT_NPROC", raising=False)
    monkeypatch.setenv("NPROC", "3")
    with same_xla_threads():
        assert _said() == "None 3"
    assert os.environ["NPROC"] == "3"
