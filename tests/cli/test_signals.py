"""Ctrl-C and SIGTERM at any stage: one line, their exit code, and a run that can be resumed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

# Everything that speaks up when it is interrupted: tasks, threads, clean-ups, a logger.
_NOISY = """
import asyncio, logging, sys, threading, time
from topojax.cli.signals import stopping_in_one_line

class Held:
    def __del__(self):
        raise RuntimeError("in a clean-up")

async def wait():
    held = Held()
    asyncio.ensure_future(fail())
    await asyncio.sleep(0.1)
    print("ready", flush=True)
    await asyncio.sleep(60)

async def fail():
    try:
        await asyncio.sleep(60)
    finally:
        raise RuntimeError("of a task that nobody waits for")

def work():
    time.sleep(1)
    raise RuntimeError("in a thread")

with stopping_in_one_line():
    threading.Thread(target=work).start()
    try:
        asyncio.run(wait())
    finally:
        logging.getLogger("absl").error("stopped")
        time.sleep(1.5)
        WHEN_STOPPED
"""


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Have Ctrl-C heard, which a shell's background has whatever it starts ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _check_ended(process: subprocess.Popen[str], number: int) -> None:
    _, errors = process.communicate(timeout=120)
    assert re.fullmatch(rf"topojax: {_WORDS[signal.Signals(number)]}; .* --resume .*\n", errors)
    assert process.returncode == 128 + number


@pytest.mark.parametrize("number", _WORDS)
@pytest.mark.parametrize(
    "when_stopped",
    [pytest.param("pass", marks=pytest.mark.slow), "while True: time.sleep(0.1)"],
)
def test_whatever_is_interrupted_one_line_is_said(number: int, when_stopped: str) -> None:
    """The second never ends by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", _NOISY.replace("WHEN_STOPPED", when_stopped)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _check_ended(process, number)


def _fit(file: Path, run: Path, tiny: dict[str, Any], *more: str) -> subprocess.Popen[str]:
    settings = [part for key, value in tiny.items() for part in ("--set", f"{key}={value}")]
    return subprocess.Popen(
        [sys.executable, "-m", "topojax", "-q", "fit", file, "-o", run, *settings, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", _WORDS)
def test_a_fit_that_is_stopped_at_every_stage_ends_as_one_that_is_not(
    discs_file: Path, discs_run: Path, tiny: dict[str, Any], tmp_path: Path, number: int
) -> None:
    run = tmp_path / "run"
    stops = ("started", "epoch", "stage_started.*cam", "generation", "classifier", "test_read")
    for stop in stops:
        log = run / "log.jsonl"
        seen = len(log.read_text()) if log.exists() else 0
        process = _fit(discs_file, run, tiny, *(["--resume"] if run.exists() else []))
        while not (log.exists() and re.search(stop, log.read_text()[seen:])):
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        process.send_signal(number)
        _check_ended(process, number)
        assert not (run / "lock.json").exists()
    last = _fit(discs_file, run, tiny, "--resume")
    assert last.communicate(timeout=300)[1] == ""
    for split in ("train", "val", "test"):
        name = f"predictions_{split}.csv"
        assert (run / name).read_bytes() == (discs_run / name).read_bytes()


def test_a_file_that_ends_too_soon_is_no_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """Click takes an EOFError for one; it is a fault of ours, and shows where."""
    import click

    import topojax.cli

    def fail(*arguments: object) -> None:
        raise EOFError("Ran out of input")

    monkeypatch.setattr("sys.argv", ["topojax", "fit", "x.npz"])
    monkeypatch.setattr(topojax.cli.cli, "invoke", fail)
    with pytest.raises(click.Abort) as raised:
        topojax.cli.main()
    assert isinstance(raised.value.__cause__, EOFError)
