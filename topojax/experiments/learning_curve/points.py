"""What the seeds of a learning curve say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from topojax.evaluation import SeedSummary, summarise_seed_differences, summarise_seeds
from topojax.pipeline import BACKBONE
from topojax.runs import CurvePoint, CurveTrial, SeedMean


def curve_points(trials: Sequence[CurveTrial], level: float) -> dict[str, tuple[CurvePoint, ...]]:
    """Return by method one point for each number of training images, ascending.

    Args:
        trials: of the same two or more seeds for every number of images.
        level: nominal coverage of the Student intervals.

    Raises:
        DataError: fewer than two seeds.
    """
    by_size = {
        n: sorted((trial for trial in trials if trial.n == n), key=lambda trial: trial.seed)
        for n in sorted({trial.n for trial in trials})
    }
    return {
        method: tuple(_point(n, those, method, level) for n, those in by_size.items())
        for method in trials[0].auc
    }


def _point(n: int, trials: Sequence[CurveTrial], method: str, level: float) -> CurvePoint:
    aucs = [trial.auc[method] for trial in trials]
    reference = [trial.auc[BACKBONE] for trial in trials]
    return CurvePoint(
        n=n,
        auc=_mean(summarise_seeds(aucs, level)),
        accuracy=_mean(summarise_seeds([trial.accuracy[method] for trial in trials], level)),
        difference=None
        if method == BACKBONE
        else _mean(summarise_seed_differences(aucs, reference, level)),
    )


def _mean(summary: SeedSummary) -> SeedMean:
    return SeedMean(**asdict(summary))
