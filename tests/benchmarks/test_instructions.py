"""Counting machine instructions by stepping a process."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
_SCRIPT = """
import json, os
from voxel_costs.stepping import instructions

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


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("instructions")


def test_cases_differ_by_whole_runs_of_words(benchmark):
    from topojax.kernels.padded.layout import RUN

    assert {(case.kind, case.rank) for case in benchmark.CASES} == {
        (kind, rank) for kind in ("smooth", "noise") for rank in (2, 3)
    }
    for case in benchmark.CASES:
        few, many = case.extents
        assert (case.width + 1) ** (case.rank - 1) * (many - few) % (64 * RUN) == 0
        assert case.width >= many


def test_a_case_is_cut_at_the_thresholds_of_the_whole(benchmark):
    case = benchmark.Case("noise", 9, 2, (2, 4))
    cut = case.first(4)
    assert cut.image.shape == (4, 9)
    assert cut.thresholds.tolist() == case.whole().thresholds.tolist()


def test_the_page_adds_up(benchmark):
    stages = [
        {"name": "levels", "read": 4.0, "written": 1.25},
        {"name": "critical voxels", "read": 0.5, "written": 2.0},
    ]
    case = {
        "input": "noise",
        "size": "62³",
        "critical": 0.578,
        "instructions_per_voxel": {"classification": 30.25, "curves": 200.5},
        "bytes_per_voxel": stages,
    }
    assert "| noise 62³ | 30.2 | 170.2 | 200.5 | 57.8% |" in benchmark.instructions_table([case])
    assert "| all | 4.50 + 3.25 |" in benchmark.bytes_table([case])


@pytest.mark.slow
def test_stages_follow_what_classification_finds(benchmark):
    from voxel_costs.kernel_parts import classes, stages

    smooth, noise, image = (
        benchmark.Case(kind, 14, rank, (2, 4)).whole()
        for kind, rank in (("smooth", 3), ("noise", 3), ("noise", 2))
    )
    found = classes(noise)
    assert classes(smooth).critical < found.critical < 1
    assert all(m <= found.critical for m in found.mergers)
    for met, mergers in zip(found.meetings, found.mergers, strict=True):
        assert mergers <= met <= 5 * mergers
    names = [stage.name for stage in stages(noise)]
    assert [stage.name for stage in stages(smooth)] == names
    assert [stage.name for stage in stages(image)] == names
    more = [n.read > s.read for s, n in zip(stages(smooth), stages(noise), strict=True)]
    assert more == [False, False, True, True]
