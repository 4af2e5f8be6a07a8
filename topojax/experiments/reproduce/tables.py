"""Our numbers beside the paper's, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from topojax.evaluation import Interval, summarise_seeds
from topojax.experiments.paper import SCRATCH, Metric, Row, RowCheck
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.planned import PlannedRow, PlannedRun, label_of


@dataclass(frozen=True)
class Cell:
    """One number.

    Attributes:
        ours: mean over the seeds with its Student interval, or of one seed the score with its
            bootstrap interval; None where there is none.
        n_seeds: that `ours` is of.
        theirs: in percent, as the paper prints it; None where its text has no number.
    """

    metric: Metric
    ours: Interval | None
    n_seeds: int
    theirs: str | None


@dataclass(frozen=True)
class ReproducedRow:
    """One row of a table on one data set.

    Attributes:
        row: of the paper.
        cells: one a metric that the table has.
        starts: what the networks of its runs started from: `scratch`, or weights by name, of a
            file without its folder; empty where no network has a part in the scores.
        why_not: reasons, where there are no numbers of ours.
        notes: what else its runs tell; sentences.
        check: whether the paper's numbers can be true; None where it prints no accuracy.
        paper_starts: as `starts`, of the paper's network.
    """

    row: Row
    cells: tuple[Cell, ...]
    starts: str
    why_not: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    check: RowCheck | None = None
    paper_starts: str = ""

    @property
    def dataset(self) -> str:
        """The data set as people read it."""
        return label_of(self.row.place.dataset)

    def verdict_on(self, cell: Cell) -> str:
        """Return what was found of a published number.

        `not checked`; an outcome of `Verdict` where it was held against confusion matrices; empty
        where there is no number.
        """
        if cell.theirs is None:
            return ""
        verdict = self.check and self.check.verdict
        return verdict.outcome if verdict and cell.metric in verdict.decided else "not checked"


def reproduced(
    planned: PlannedRow, metrics: Sequence[Metric], outcomes: Mapping[PlannedRun, Outcome]
) -> ReproducedRow:
    """Return a row with what its runs gave; a row one of whose seeds failed has no numbers.

    Args:
        planned: the row and its runs.
        metrics: that its table has.
        outcomes: of all runs.
    """
    found = [outcomes[run] for run in planned.runs]
    why_not = tuple(
        f"seed {outcome.run.config.seed}: {why_failed(outcome)}"
        for outcome in found
        if outcome.failure is not None
    )
    scores = [] if why_not else [outcome.scores(planned.method) for outcome in found]
    cells = tuple(
        Cell(
            metric,
            _summary([one.metrics[metric] for one in scores if one is not None]),
            len(scores),
            _printed(planned.row, metric),
        )
        for metric in metrics
    )
    starts = "" if planned.method == "whole-image" else start_of(planned.runs[0])
    notes = tuple(
        f"seed {outcome.run.config.seed}: {note}" for outcome in found for note in outcome.notes()
    )
    return ReproducedRow(planned.row, cells, starts, why_not, notes)


def start_of(run: PlannedRun) -> str:
    """Return what a run's network starts from: `scratch`, or weights, of a file its own name."""
    weights = run.config.backbone.weights
    return PurePath(weights).name if weights else SCRATCH


def why_failed(outcome: Outcome) -> str:
    """Return why a run failed, weights without their folder: tables are passed on."""
    reason, weights = outcome.failure or "", outcome.run.config.backbone.weights
    return reason.replace(weights, PurePath(weights).name) if weights else reason


def _summary(scores: Sequence[Interval]) -> Interval | None:
    if len(scores) < 2:
        return scores[0] if scores else None
    summary = summarise_seeds([score.value for score in scores])
    return Interval(summary.mean, summary.low, summary.high)


def _printed(row: Row, metric: Metric) -> str | None:
    percent = row.percent(metric)
    return None if percent is None else f"{percent:f}"
