"""Reproduced tables as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from topojax.experiments.reproduce.notes import MARK
from topojax.experiments.reproduce.tables import Cell, ReproducedRow

_METRICS = {"auc": "AUC", "accuracy": "ACC", "sensitivity": "SEN", "specificity": "SPE", "f1": "F1"}
_COLUMNS = (
    *("table", "row", "setting", "dataset", "metric", "ours", "low", "high", "seeds", "paper"),
    *("paper_check", "starts_from", "paper_starts_from", "why_not"),
)
_LATEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"–": "--", MARK: r"\dag{}"}
)


@dataclass(frozen=True)
class ReproducedTable:
    """One table of the paper, as far as it was asked for.

    Attributes:
        number: of the paper's table.
        rows: by data set and row, in the paper's order.
        caption: what ours are.
        notes: what its numbers must not be read without; sentences.
    """

    number: int
    rows: tuple[ReproducedRow, ...]
    caption: str
    notes: tuple[str, ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of its data sets."""
        return tuple(dict.fromkeys(one.dataset for one in self.rows))

    @property
    def labels(self) -> tuple[str, ...]:
        """The paper's labels of its rows, with their marks."""
        return tuple(dict.fromkeys(one.row.place.row for one in self.rows))

    def columns(self) -> tuple[str, ...]:
        """Return the heads of `lines`, the first of which is the row's."""
        first = {one.dataset: one for one in reversed(self.rows)}
        return (
            "",
            *(
                f"{name} {_METRICS[cell.metric]}"
                for name in self.datasets
                for cell in first[name].cells
            ),
        )

    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Return one line a label: ours with its interval, then the paper's."""
        by_place = {(one.row.place.row, one.dataset): one for one in self.rows}
        widths = {one.dataset: len(one.cells) for one in self.rows}
        lines = []
        for label in self.labels:
            cells: list[str] = [label]
            for name in self.datasets:
                found = by_place.get((label, name))
                cells += _texts(found) if found else [""] * widths[name]
            lines.append(tuple(cells))
        return tuple(lines)

    def reasons(self) -> tuple[str, ...]:
        """Return why there are cells without numbers of ours; sentences."""
        return tuple(
            f"{one.row.place.row}, {one.dataset}: {reason}"
            for one in self.rows
            for reason in one.why_not
        )


def as_markdown(tables: Sequence[ReproducedTable]) -> str:
    """Return the tables, each with what is missing and what is noted under it."""
    parts = []
    for table in tables:
        heads = table.columns()
        lines = [f"## Table {table.number}", "", table.caption, ""]
        lines += [f"| {' | '.join(heads)} |", f"|---|{'---|' * (len(heads) - 1)}"]
        lines += [f"| {' | '.join(cells)} |" for cells in table.lines()]
        if table.notes:
            lines += ["", *(f"- {as_markdown_text(note)}" for note in table.notes)]
        reasons = table.reasons()
        if reasons:
            lines += ["", "Not made:", "", *(f"- {reason}" for reason in reasons)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_csv(tables: Sequence[ReproducedTable]) -> str:
    """Return one line a number; scores in percent, as the paper's."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_csv_lines(tables))
    return text.getvalue()


def as_latex(tables: Sequence[ReproducedTable]) -> str:
    """Return one tabular a table, for the package booktabs, with its notes under it."""
    parts = []
    for table in tables:
        heads = table.columns()
        notes = [rf"\par\noindent\footnotesize {_escaped(note)}" for note in table.notes]
        body = [" & ".join(map(_escaped, cells)) + r" \\" for cells in table.lines()]
        parts.append(
            "\n".join(
                [
                    f"% Table {table.number}: {table.caption}",
                    rf"\begin{{tabular}}{{l{'l' * (len(heads) - 1)}}}",
                    r"\toprule",
                    " & ".join(map(_escaped, heads)) + r" \\",
                    r"\midrule",
                    *body,
                    r"\bottomrule",
                    r"\end{tabular}",
                    *([r"\begingroup", *notes, r"\par\endgroup"] if notes else []),
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def _csv_lines(tables: Sequence[ReproducedTable]) -> Iterator[tuple[object, ...]]:
    for table in tables:
        for one in table.rows:
            for cell in one.cells:
                ours = cell.ours
                numbers = (
                    ("", "", "")
                    if ours is None
                    else tuple(f"{100 * x:.2f}" for x in (ours.value, ours.low, ours.high))
                )
                place = one.row.place
                yield (
                    *(table.number, place.row, one.row.setting, one.dataset, cell.metric),
                    *numbers,
                    *(cell.n_seeds, cell.theirs or "", one.verdict_on(cell)),
                    *(one.starts, one.paper_starts, "; ".join(one.why_not)),
                )


def _texts(row: ReproducedRow) -> list[str]:
    marks = (MARK * (row.verdict_on(cell) == "impossible") for cell in row.cells)
    return [_text(cell, mark) for cell, mark in zip(row.cells, marks, strict=True)]


def _text(cell: Cell, mark: str) -> str:
    theirs = f"({cell.theirs}{mark})" if cell.theirs else "(–)"
    if cell.ours is None:
        return f"– {theirs}"
    value, low, high = (100 * x for x in (cell.ours.value, cell.ours.low, cell.ours.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}] {theirs}"


def as_markdown_text(text: str) -> str:
    """Return text in which no character makes Markdown: names have asterisks and brackets."""
    return re.sub(r"([\\*\[\]<>|`])", r"\\\1", text)


def _escaped(text: str) -> str:
    return text.translate(_LATEX)
