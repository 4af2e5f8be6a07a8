"""Scores of several runs on the same test images, and their paired differences to the first's."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from topojax.errors import RunError
from topojax.evaluation import Comparison, Difference, Scores, compare, score
from topojax.report.comparing.multiplicity import holm
from topojax.report.comparing.named_run import NamedRun
from topojax.report.comparing.same_test import check_same_test
from topojax.runs import load_run


@dataclass(frozen=True)
class ScoredRun:
    """One method of one run on the test images.

    Attributes:
        title: of the run.
        probabilities: float64 (n, K).
        difference: its scores minus those of the first run; None of the first itself.
        adjusted: by score, the same with Holm's p-values over all runs; empty of the first itself.
    """

    title: str
    probabilities: np.ndarray
    scores: Scores
    difference: Comparison | None
    adjusted: dict[str, Difference]


@dataclass(frozen=True)
class ComparedRuns:
    """Runs on the same test images.

    Attributes:
        runs: the first is the reference.
        topocam, backbone: in the order of the runs.
    """

    runs: tuple[NamedRun, ...]
    topocam: tuple[ScoredRun, ...]
    backbone: tuple[ScoredRun, ...]


def named_runs(folders: Sequence[Path]) -> tuple[NamedRun, ...]:
    """Read run folders.

    Raises:
        RunError: a folder is missing or broken, or has no finished run.
    """
    return tuple(
        NamedRun(f"{number}: {folder.resolve().name}", folder, load_run(folder))
        for number, folder in enumerate(folders, start=1)
    )


def compare_runs(
    runs: Sequence[NamedRun], *, n_bootstrap: int = 1000, level: float = 0.95
) -> ComparedRuns:
    """Score runs on all of their test images, and compare each with the first, image by image.

    Every run sees the same stratified resamples, whatever the order of the runs; they are those of
    the report of a run of seed 0 with as many. Differences are a run's scores minus the first
    one's: intervals and p-values are DeLong's of the AUC of two classes, else the paired
    bootstrap's.

    Args:
        runs: two or more.
        n_bootstrap: number of resamples.
        level: nominal coverage of all intervals.

    Raises:
        RunError: fewer than two runs, or other classes or test labels.
        ConfigError: `n_bootstrap` below 1 or `level` outside (0, 1).
    """
    if len(runs) < 2:
        raise RunError(f"{len(runs)} run to compare; give two or more")
    check_same_test(runs)
    labels = runs[0].run.labels["test"]
    titles = [run.title for run in runs]

    def scored(probabilities: Sequence[np.ndarray]) -> tuple[ScoredRun, ...]:
        pairs = zip(titles, probabilities, strict=True)
        return _adjusted(
            tuple(
                _scored(
                    labels,
                    title,
                    rows,
                    None if place == 0 else probabilities[0],
                    n_bootstrap,
                    level,
                )
                for place, (title, rows) in enumerate(pairs)
            )
        )

    return ComparedRuns(
        tuple(runs),
        scored([run.run.probabilities["test"] for run in runs]),
        scored([run.run.arrays.probabilities["backbone"] for run in runs]),
    )


def _scored(
    labels: np.ndarray,
    title: str,
    rows: np.ndarray,
    reference: np.ndarray | None,
    n_bootstrap: int,
    level: float,
) -> ScoredRun:
    scores = score(labels, rows, rng=_resamples(), n_bootstrap=n_bootstrap, level=level)
    if reference is None:
        return ScoredRun(title, rows, scores, None, {})
    difference = compare(
        labels, rows, reference, rng=_resamples(), n_bootstrap=n_bootstrap, level=level
    )
    return ScoredRun(title, rows, scores, difference, difference.differences)


def _resamples() -> np.random.Generator:
    # As `topojax.experiments` seeds those of the test split, at seed 0.
    return np.random.default_rng((0, zlib.crc32(b"test")))


def _adjusted(scored: tuple[ScoredRun, ...]) -> tuple[ScoredRun, ...]:
    """Return the runs with p-values adjusted score by score, over all but the first."""
    first, *others = scored
    by_score = {
        name: holm([other.adjusted[name].p_value for other in others])
        for name in others[0].adjusted
    }
    return (
        first,
        *(
            replace(
                other,
                adjusted={
                    name: replace(difference, p_value=by_score[name][place])
                    for name, difference in other.adjusted.items()
                },
            )
            for place, other in enumerate(others)
        ),
    )
