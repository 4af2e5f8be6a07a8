"""The rows of the paper's tables, each against the test split that it scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from topojax.experiments.paper.confusion import Verdict, judge_scores, judge_scores_of_size
from topojax.experiments.paper.printed_scores import PrintedScores
from topojax.experiments.paper.published import PaperTables, PublishedSplit, Row


@dataclass(frozen=True)
class RowCheck:
    """A row and what was found about it.

    Attributes:
        test: the split that it was held against; None: nothing is published of it.
        verdict: None: not checked, for that reason.
    """

    row: Row
    test: PublishedSplit | None
    verdict: Verdict | None


@cache
def check_rows(tables: PaperTables) -> tuple[RowCheck, ...]:
    """Judge every row that has an accuracy, in the tables' order."""
    return tuple(
        _check(tables, row) for row in tables.rows() if row.percent("accuracy") is not None
    )


def _check(tables: PaperTables, row: Row) -> RowCheck:
    dataset = tables.dataset(row.place.dataset)
    if dataset.test is None:
        return RowCheck(row, None, None)
    scores = PrintedScores(
        accuracy=row.percent("accuracy"),
        sensitivity=row.percent("sensitivity"),
        specificity=row.percent("specificity"),
        f1=row.percent("f1"),
    )
    if dataset.test.class_counts is None:
        verdict = judge_scores_of_size(dataset.test.n, dataset.n_classes, scores)
    else:
        verdict = judge_scores(dataset.test.class_counts, scores)
    return RowCheck(row, dataset.test, verdict)
