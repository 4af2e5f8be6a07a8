"""The page of tables of the paper that were made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topojax.report.figures.rendering import legible
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


def build_reproduction_page(tables: Sequence[TablePart], contradictions: Sequence[str]) -> str:
    """Return the page as HTML; it needs nothing beside itself.

    Args:
        tables: in order.
        contradictions: of the paper's own numbers; sentences.
    """
    page = rendered("reproduction.html.j2", {"tables": tables, "contradictions": contradictions})
    return legible(page)
