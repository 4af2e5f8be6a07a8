"""The page of tables of the paper that were made anew."""

from __future__ import annotations

from collections.abc import Sequence

from topojax.report.figures.rendering import legible
from topojax.report.tables import Table
from topojax.report.template import rendered

Part = tuple[str, str, tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]
"""Title, caption, heads of columns, lines, and reasons why cells are empty."""


def build_reproduction_page(parts: Sequence[Part], contradictions: Sequence[str]) -> str:
    """Return the page as HTML; it needs nothing beside itself.

    Args:
        parts: one a table.
        contradictions: of the paper's own numbers; sentences.
    """
    tables = [
        {"table": Table(title, columns, lines), "caption": caption, "reasons": reasons}
        for title, caption, columns, lines, reasons in parts
    ]
    page = rendered("reproduction.html.j2", {"tables": tables, "contradictions": contradictions})
    return legible(page)
