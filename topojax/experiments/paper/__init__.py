"""The paper's published numbers, and whether they can be true."""

from topojax.experiments.paper.confusion import (
    Matrix,
    Verdict,
    judge_scores,
    judge_scores_of_size,
)
from topojax.experiments.paper.contradictions import Contradiction, find_contradictions
from topojax.experiments.paper.printed_scores import PrintedScores
from topojax.experiments.paper.published import (
    Metric,
    PaperTables,
    Place,
    Row,
    read_paper_tables,
)
from topojax.experiments.paper.row_checks import RowCheck, check_rows

__all__ = [
    "Contradiction",
    "Matrix",
    "Metric",
    "PaperTables",
    "Place",
    "PrintedScores",
    "Row",
    "RowCheck",
    "Verdict",
    "check_rows",
    "find_contradictions",
    "judge_scores",
    "judge_scores_of_size",
    "read_paper_tables",
]
