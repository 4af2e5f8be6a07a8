"""Counting machine instructions by stepping a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
_SCRIPT = """
import json, os
from instructions import instructions

counts = [instructions(lambda n=n: [None for _ in range(n)]) for n in (0, 100, 200)]
try:
    instructions(os.abort)
except OSError as error:
    print(json.dumps([counts, str(error)]))
"""


def test_counts_follow_the_work_and_a_process_that_dies_is_no_count():
    if sys.platform != "linux":
        pytest.skip("steps processes by Linux's ptrace")
    # A process of its own, since this one may have threads, which do not survive a fork.
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT], cwd=BENCHMARKS, capture_output=True, text=True, timeout=300
    )
    if "ptrace does not step" in run.stderr:
        pytest.skip("this system steps no process")
    (none, some, more), message = json.loads(run.stdout)
    assert none < some < more
    assert (more - some) == pytest.approx(some - none, rel=0.3)
    assert "signal 6" in message
