"""The page of tables and figures of the paper that were made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topojax.report.figures.rendering import PageFigure, legible
from topojax.report.tables import Table
from topojax.report.template import rendered


@dataclass(frozen=True)
class TablePart:
    """A table of the page.

    Attributes:
        caption: what its numbers are.
        notes: what they must not be read without; sentences.
        reasons: why cells are empty.
    """

    table: Table
    caption: str
    notes: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class FigurePart:
    """A figure of the page.

    Attributes:
        figure: None where it was not made.
        reasons: why it was not; sentences.
    """

    title: str
    figure: PageFigure | None
    reasons: tuple[str, ...]


def build_reproduction_page(
    tables: Sequence[TablePart], figures: Sequence[FigurePart], contradictions: Sequence[str]
) -> str:
    """Return the page as HTML; it needs nothing beside itself.

    Args:
        tables: in order.
        figures: in order, after the tables.
        contradictions: of the paper's own numbers; sentences.
    """
    values = {"tables": tables, "figures": figures, "contradictions": contradictions}
    return legible(rendered("reproduction.html.j2", values))
