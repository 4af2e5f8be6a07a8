"""Times of the stages of the kernels: which there are, and how rounds are put together."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def stage_times(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.delitem(sys.modules, "stage_times", raising=False)
    import stage_times

    return stage_times


def test_medians_are_of_each_stage(stage_times):
    rounds = [{"noise": {"levels": ns, "edges": 10 - ns}} for ns in (1.0, 5.0, 2.0)]
    assert stage_times.medians(rounds) == {"noise": {"levels": 2.0, "edges": 8.0}}


@pytest.mark.slow
def test_every_stage_has_a_time_on_both_processors(stage_times, tmp_path):
    stage_times.main(["--rounds", "1", "--output", str(tmp_path)])
    record = json.loads((tmp_path / "stage_times.json").read_text(encoding="utf-8"))
    for times in record["ns_per_voxel"].values():
        assert len(times) == 6
        assert all(len(of) == 6 and min(of.values()) > 0 for of in times.values())
    page = (tmp_path / "stage_times.md").read_text(encoding="utf-8")
    assert page.count("| noise 64³ |") == len(record["ns_per_voxel"]) == 2
