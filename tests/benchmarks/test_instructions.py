"""Counting machine instructions by stepping a process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def instructions(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("steps processes by Linux's ptrace")
    monkeypatch.syspath_prepend(BENCHMARKS)
    from instructions import instructions

    return instructions


def counted(instructions, run) -> int:
    try:
        return instructions(run)
    except OSError as error:
        pytest.skip(f"this system steps no process: {error}")


def test_a_longer_loop_takes_more_instructions_by_as_much_a_turn(instructions):
    none, some, more = (
        counted(instructions, lambda n=n: [None for _ in range(n)]) for n in (0, 100, 200)
    )
    assert none < some < more
    assert (more - some) == pytest.approx(some - none, rel=0.3)


def test_a_process_that_dies_is_no_count(instructions):
    counted(instructions, lambda: None)
    with pytest.raises(OSError, match="signal"):
        instructions(lambda: __import__("os").abort())
