"""The page of tables of the paper that were made anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from topojax.report.figures.rendering import legible
from topojax.report.tables import Table
from topojax.report.template import rendered

Sentences: TypeAlias = tuple[str, ...]
Part: TypeAlias = tuple[
    str, str, tuple[str, ...], tuple[tuple[str, ...], ...], Sentences, Sentences
]
"""Title, caption, heads of columns, lines, reasons why cells are empty, and notes."""


def build_reproduction_page(parts: Sequence[Part], contradictions: Sequence[str]) -> str:
    """Return the page as HTML; it needs nothing beside itself.

    Args:
        parts: one a table.
        contradictions: of the paper's own numbers; sentences.
    """
    tables = [
        {
            "table": Table(title, columns, lines),
            "caption": caption,
            "reasons": reasons,
            "notes": notes,
        }
        for title, caption, columns, lines, reasons, notes in parts
    ]
    page = rendered("reproduction.html.j2", {"tables": tables, "contradictions": contradictions})
    return legible(page)
