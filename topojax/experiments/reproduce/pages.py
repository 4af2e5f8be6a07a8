"""The files of a reproduction: the same tables and figures as Markdown, CSV, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from topojax.experiments.paper import NoConfusionMatrix, PaperTables, find_contradictions
from topojax.experiments.reproduce.figures import ReproducedFigure
from topojax.experiments.reproduce.rendering import (
    ReproducedTable,
    as_csv,
    as_latex,
    as_markdown,
    as_markdown_text,
)
from topojax.files import write_atomically
from topojax.report.figures.rendering import legible
from topojax.report.reproduction import FigurePart, TablePart, build_reproduction_page
from topojax.report.tables import Table


def write_pages(
    tables: Sequence[ReproducedTable],
    figures: Sequence[ReproducedFigure],
    paper: PaperTables,
    folder: Path,
) -> None:
    """Write `tables.md`, `tables.csv`, `tables.tex` and `tables.html`.

    CSV and LaTeX hold the tables alone. The HTML page has the figures inside; in Markdown they are
    links to files beside it.

    Args:
        tables: in order.
        figures: in order.
        paper: its tables.
        folder: of the files.

    Raises:
        RunError: a file cannot be written.
    """
    contradictions = _contradictions(tables, paper)
    notes = "".join(f"- {sentence}\n" for sentence in contradictions)
    parts = [as_markdown(tables)] if tables else []
    parts += [_figure_markdown(one) for one in figures]
    if notes:
        parts.append(f"## What the paper's numbers contradict each other in\n\n{notes}")
    pages = {
        "tables.md": "\n".join(parts),
        "tables.csv": as_csv(tables),
        "tables.tex": as_latex(tables),
        "tables.html": build_reproduction_page(
            [_table_part(table) for table in tables],
            [FigurePart(one.planned.title, one.figure, one.reasons()) for one in figures],
            contradictions,
        ),
    }
    for name, text in pages.items():
        write_atomically(folder / name, legible(text).encode())


def _contradictions(tables: Sequence[ReproducedTable], paper: PaperTables) -> list[str]:
    numbers = {table.number for table in tables}
    return [
        found.sentence
        for found in find_contradictions(paper)
        # Those of one row are under its table.
        if not isinstance(found, NoConfusionMatrix)
        and any(place.table in numbers for place in found.places)
    ]


def _table_part(table: ReproducedTable) -> TablePart:
    shown = Table(f"Table {table.number}", table.columns(), table.lines())
    return TablePart(shown, table.caption, table.notes, table.reasons())


def _figure_markdown(one: ReproducedFigure) -> str:
    head = f"## {as_markdown_text(one.planned.title)}\n\n"
    if one.figure is None:
        reasons = "".join(f"- {as_markdown_text(reason)}\n" for reason in one.reasons())
        return f"{head}Not made:\n\n{reasons}"
    stem = one.planned.stem
    return (
        f"{head}![{as_markdown_text(one.figure.alt)}]({stem}.svg)\n\n"
        f"{as_markdown_text(one.figure.caption)} [PNG]({stem}.png), [CSV]({stem}.csv).\n"
    )
