"""Fixtures of reproductions: what runs would have given, without any being made."""

from __future__ import annotations

from typing import Any

import pytest

from topojax.evaluation import Interval, Scores
from topojax.evaluation.scores import METRICS
from topojax.experiments.reproduce import reproduction
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.planned import PlannedRun


class _Known(Outcome):
    """An outcome whose scores are its seed's."""

    def scores(self, method: str) -> Scores | None:
        value = 0.8 + 0.02 * self.run.config.seed
        metrics = {name: Interval(value, 0.7, 0.95) for name in METRICS}
        return None if self.failure else Scores(metrics, {}, 20, 100, 0.95)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> list[PlannedRun]:
    """Return what is run, by a stub that fails for Swin alone."""
    seen: list[PlannedRun] = []

    def run_all(runs: list[PlannedRun], *given: Any, **named: Any) -> dict[PlannedRun, Outcome]:
        seen.extend(runs)
        return {
            run: _Known(run, None, "too large" if run.config.backbone.name == "swin_v2_t" else None)
            for run in runs
        }

    monkeypatch.setattr(reproduction, "run_all", run_all)
    return seen
