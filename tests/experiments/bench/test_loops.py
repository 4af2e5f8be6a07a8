"""Bars of dimension 1 beside cripser's: checked before they are timed, in both constructions."""

from __future__ import annotations

from dataclasses import replace

import cripser
import numpy as np
import pytest

from topojax.errors import BenchError
from topojax.experiments.bench.persistence import inputs, loops
from topojax.experiments.bench.persistence.plans import QUICK

PLAN = replace(QUICK, repeats=1, budget=0.1, limits={"cripser": 12**3})


def test_rows_and_table():
    samples = [
        inputs.synthetic("masked", (12, 12, 12)),
        inputs.synthetic("quantised", (12, 12, 12)),
        inputs.synthetic("noise", (12, 12)),
        inputs.synthetic("noise", (13, 13, 13)),
    ]
    rows = loops.measure_loops(samples, PLAN)
    assert [(row["input"], row["construction"]) for row in rows] == [
        ("masked", "T"),
        ("masked", "V"),
        ("quantised", "T"),
        ("quantised", "V"),
    ]
    assert all(row["bars"] > 0 for row in rows)
    assert all(seconds > 0 for row in rows for seconds in row["median"].values())
    lines = loops.loops_table(rows).splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("| masked 12³, float32 | T |")


def test_bars_that_differ_are_not_timed(monkeypatch: pytest.MonkeyPatch):
    sample = inputs.synthetic("noise", (8, 8, 8))
    others = cripser.compute_ph(sample.image + np.float32(1), filtration="T", maxdim=1)
    monkeypatch.setattr(cripser, "compute_ph", lambda *_, **__: others)
    with pytest.raises(BenchError, match=r"noise 8³, T: .* not the same; stopped before timing"):
        loops.measure_loops([sample], PLAN)
