"""Tables of the paper made anew: what is asked for, planned, run and written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from topojax.data import Dataset
from topojax.errors import ConfigError
from topojax.experiments.paper import (
    Metric,
    PaperTables,
    Row,
    find_contradictions,
    read_paper_tables,
)
from topojax.experiments.reproduce.planned import Choices, PlannedRow, plan_row
from topojax.experiments.reproduce.rendering import (
    ReproducedTable,
    as_csv,
    as_latex,
    as_markdown,
)
from topojax.experiments.reproduce.running import run_all
from topojax.experiments.reproduce.tables import absent, reproduced
from topojax.files import make_folder, write_atomically
from topojax.report.reproduction import build_reproduction_page

TABLES = tuple(range(2, 13))
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What of the paper is asked for.

    Attributes:
        tables: their numbers.
        datasets: names; empty: all that a table has.
        models: names as the paper's rows have them in `Row.model`; empty: all.
        seeds: of every run.
    """

    tables: tuple[int, ...]
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)

    def rows(self, paper: PaperTables) -> tuple[Row, ...]:
        """Return the rows, in the paper's order.

        Raises:
            ConfigError: a table, data set or model that the paper has not; or nothing is left.
        """
        known = paper.rows()
        _check("table", self.tables, TABLES)
        _check("dataset", self.datasets, {row.place.dataset for row in known})
        _check("model", self.models, {row.model for row in known})
        rows = tuple(
            row
            for row in known
            if row.place.table in self.tables
            and (not self.datasets or row.place.dataset in self.datasets)
            and (not self.models or row.model in self.models)
        )
        if not rows:
            held = {row.place.dataset for row in known if row.place.table in self.tables}
            raise ConfigError(
                f"no row of the tables asked for has datasets={', '.join(self.datasets) or 'all'} "
                f"and models={', '.join(self.models) or 'all'}; their data sets are "
                f"{', '.join(sorted(held))}"
            )
        return rows


def reproduce(
    asked: Asked,
    choices: Choices,
    read: Callable[[str, int | None], Dataset],
    folder: Path,
    *,
    progress: bool = False,
) -> tuple[ReproducedTable, ...]:
    """Make the runs of the rows that are asked for, and write `tables.{md,csv,tex,html}`.

    Args:
        asked: tables, data sets, models and seeds.
        choices: of every run.
        read: from a data set's name and a size to its images.
        folder: of the tables; the runs are in its folder `runs`, and are taken up again by any
            later call that needs them.
        progress: show progress bars on a terminal.

    Raises:
        ConfigError: before any run: what is asked for is unknown, or settings are out of range.
        RunError: the folder cannot be written.
    """
    paper = read_paper_tables()
    rows = asked.rows(paper)
    planned = {
        row: plan_row(row, paper.dataset(row.place.dataset).spatial_dims, asked.seeds, choices)
        for row in rows
    }
    make_folder(folder / "runs", "choose another --output")
    runs = [run for one in planned.values() if one is not None for run in one.runs]
    _LOGGER.info(
        "%d rows need %d runs, preset %s, budget %s",
        len(rows),
        len(set(runs)),
        choices.preset,
        choices.budget,
    )
    outcomes = run_all(runs, read, folder / "runs", progress=progress)
    tables = tuple(
        _table(number, planned, outcomes, choices, asked)
        for number in dict.fromkeys(row.place.table for row in rows)
    )
    _write(tables, paper, folder)
    return tables


def _check(name: str, given: Sequence[object], known: Sequence[object] | set[str]) -> None:
    for one in given:
        if one not in known:
            names = ", ".join(map(str, sorted(known, key=str)))
            raise ConfigError(f"{name}={one!r} is not the paper's; choose from {names}")


def _table(
    number: int,
    planned: dict[Row, PlannedRow | None],
    outcomes: dict,
    choices: Choices,
    asked: Asked,
) -> ReproducedTable:
    those = {row: one for row, one in planned.items() if row.place.table == number}
    metrics: dict[str, tuple[Metric, ...]] = {}
    for row in those:
        found = metrics.get(row.place.dataset, ())
        metrics[row.place.dataset] = tuple(
            dict.fromkeys((*found, *(cell.metric for cell in row.numbers)))
        )
    rows = tuple(
        reproduced(one, metrics[row.place.dataset], outcomes)
        if one is not None
        else absent(row, metrics[row.place.dataset], "is not made by this command yet")
        for row, one in those.items()
    )
    return ReproducedTable(number, rows, _caption(choices, asked))


def _caption(choices: Choices, asked: Asked) -> str:
    n = len(asked.seeds)
    interval = "bootstrap interval over test images" if n == 1 else "Student interval over seeds"
    sizes = f"size {choices.size}" if choices.size else f"sizes of the budget {choices.budget}"
    return (
        f"Ours in percent, {n} seed{'s' * (n > 1)}, with the 95 % {interval}; in parentheses the "
        f"paper's. Preset {choices.preset}, budget {choices.budget}, {sizes}."
    )


def _write(tables: Sequence[ReproducedTable], paper: PaperTables, folder: Path) -> None:
    numbers = {table.number for table in tables}
    contradictions = [
        found.sentence
        for found in find_contradictions(paper)
        if any(place.table in numbers for place in found.places)
    ]
    notes = "".join(f"- {sentence}\n" for sentence in contradictions)
    markdown = as_markdown(tables)
    if notes:
        markdown += f"\n## What the paper's numbers contradict each other in\n\n{notes}"
    pages = {
        "tables.md": markdown,
        "tables.csv": as_csv(tables),
        "tables.tex": as_latex(tables),
        "tables.html": build_reproduction_page(
            [(f"Table {t.number}", t.caption, t.columns(), t.lines(), t.reasons()) for t in tables],
            contradictions,
        ),
    }
    for name, text in pages.items():
        write_atomically(folder / name, text.encode())
