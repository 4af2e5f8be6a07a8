"""Runs to compare: one that was fitted, and others made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.report.comparing import NamedRun
from topojax.runs import Run, load_run


@pytest.fixture(params=["discs_run", "solids_run"])
def fitted_run(request: pytest.FixtureRequest) -> Run:
    """Return a run of two classes, or of three."""
    return load_run(request.getfixturevalue(request.param))


@pytest.fixture
def named() -> Callable[..., tuple[NamedRun, ...]]:
    """Return a function that numbers runs."""

    def name(*runs: Run) -> tuple[NamedRun, ...]:
        return tuple(
            NamedRun(f"{number}: run{number}", Path(f"runs/run{number}"), run)
            for number, run in enumerate(runs, start=1)
        )

    return name


@pytest.fixture
def other_probabilities(rng: np.random.Generator) -> Callable[[Run], Run]:
    """Return a function from a run to one with other test probabilities, of both methods."""

    def change(run: Run) -> Run:
        shape = run.probabilities["test"].shape
        drawn = rng.dirichlet(np.ones(shape[1]), shape[0])
        arrays = replace(run.arrays, probabilities=run.arrays.probabilities | {"backbone": drawn})
        drawn_again = rng.dirichlet(np.ones(shape[1]), shape[0])
        return replace(run, arrays=arrays, probabilities=run.probabilities | {"test": drawn_again})

    return change
