"""The paper's published numbers, and whether they can be true."""

from topojax.experiments.paper.confusion import (
    Matrix,
    Verdict,
    judge_scores,
    judge_scores_of_size,
)
from topojax.experiments.paper.contradictions import (
    Contradiction,
    NoConfusionMatrix,
    find_contradictions,
)
from topojax.experiments.paper.printed_scores import PrintedScores
from topojax.experiments.paper.published import (
    Metric,
    PaperTables,
    Place,
    Row,
    read_paper_tables,
)
from topojax.experiments.paper.published_figures import (
    PUBLISHED_FIGURES,
    FigureKind,
    PublishedFigure,
)
from topojax.experiments.paper.row_checks import RowCheck, check_rows
from topojax.experiments.paper.starts import PRETRAINED, SCRATCH, published_start

__all__ = [
    "PRETRAINED",
    "PUBLISHED_FIGURES",
    "SCRATCH",
    "Contradiction",
    "FigureKind",
    "Matrix",
    "Metric",
    "NoConfusionMatrix",
    "PaperTables",
    "Place",
    "PrintedScores",
    "PublishedFigure",
    "Row",
    "RowCheck",
    "Verdict",
    "check_rows",
    "find_contradictions",
    "judge_scores",
    "judge_scores_of_size",
    "published_start",
    "read_paper_tables",
]
