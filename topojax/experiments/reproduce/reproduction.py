"""Tables and figures of the paper made anew: what is asked for, planned, run and written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from topojax.data import Dataset, Masks, read_masks
from topojax.experiments.paper import (
    PaperTables,
    Row,
    check_rows,
    published_start,
    read_paper_tables,
)
from topojax.experiments.reproduce.asked import Asked
from topojax.experiments.reproduce.budgets import BUDGETS, BudgetName
from topojax.experiments.reproduce.figures import ReproducedFigure, make_figure, plan_figures
from topojax.experiments.reproduce.made.running import run_all
from topojax.experiments.reproduce.notes import notes_of
from topojax.experiments.reproduce.pages import write_pages
from topojax.experiments.reproduce.planned import Choices, PlannedRow, plan_row
from topojax.experiments.reproduce.reading import Reader
from topojax.experiments.reproduce.rendering import ReproducedTable
from topojax.experiments.reproduce.tables import reproduced
from topojax.files import make_folder

_LOGGER = logging.getLogger(__name__)


def reproduce(
    asked: Asked,
    choices: Choices,
    read: Callable[[str, int | None], Dataset],
    folder: Path,
    *,
    read_masks: Callable[[str, int | None], Masks] = read_masks,
    progress: bool = False,
    executor: Executor | None = None,
) -> tuple[ReproducedTable | ReproducedFigure, ...]:
    """Make the runs of what is asked for, and write `tables.{md,csv,tex,html}` and the figures.

    A figure of a data set is `figure{number}_{dataset}.{svg,png,csv}`, and on the pages, too.

    Args:
        asked: tables, figures, data sets, models and seeds.
        choices: of every run.
        read: from a data set's name and a size to its images.
        folder: of the pages; the runs are in its folder `runs`, and are taken up again by any
            later call that needs them.
        read_masks: from a data set's name and a size to the masks of its images, for the rows that
            need them.
        progress: show progress bars on a terminal.
        executor: what runs are spread over; see `run_all`. None: they are made here.

    Returns:
        tables, then figures.

    Raises:
        ConfigError: before any run: what is asked for is unknown, or settings are out of range.
        DataError: before any run: a data set that is no name of the paper or MedMNIST cannot be
            read.
        RunError: the folder cannot be written.
    """
    paper = read_paper_tables()
    reader = Reader(read, read_masks, choices)
    dims = {name: reader.spatial_dims(name, paper) for name in asked.datasets_of(paper)}
    rows = asked.rows(paper, dims)
    planned = {row: plan_row(row, dims[row.place.dataset], asked.seeds, choices) for row in rows}
    figures = plan_figures(asked.drawn(), dims, asked.seeds[0], choices)
    make_folder(folder / "runs", "choose another --output")
    runs = [run for one in planned.values() for run in one.runs]
    runs += [one.run for one in figures]
    _LOGGER.info(
        "%d rows and %d figures need %d runs, preset %s, budget %s",
        len(rows),
        len(figures),
        len(set(runs)),
        choices.preset,
        choices.budget,
    )
    outcomes = run_all(
        runs,
        reader.images,
        folder / "runs",
        read_masks=reader.masks,
        progress=progress,
        executor=executor,
    )
    tables = tuple(
        _table(number, paper, planned, outcomes, choices, asked)
        for number in dict.fromkeys(row.place.table for row in rows)
    )
    caption = _figure_caption(choices, asked)
    made = tuple(make_figure(one, outcomes[one.run], folder, caption) for one in figures)
    write_pages(tables, made, paper, folder)
    return (*tables, *made)


def _table(
    number: int,
    paper: PaperTables,
    planned: dict[Row, PlannedRow],
    outcomes: dict,
    choices: Choices,
    asked: Asked,
) -> ReproducedTable:
    metrics, checks = paper.metrics(number), {check.row: check for check in check_rows(paper)}
    those = {row: one for row, one in planned.items() if row.place.table == number}
    made = (reproduced(one, metrics, outcomes) for one in those.values())
    rows = tuple(
        replace(one, check=checks.get(one.row), paper_starts=published_start(paper, one.row))
        for one in made
    )
    notes = notes_of(rows, list(those.values()), paper)
    return ReproducedTable(number, rows, _caption(choices, asked), notes)


def _caption(choices: Choices, asked: Asked) -> str:
    n = len(asked.seeds)
    interval = "bootstrap interval over test images" if n == 1 else "Student interval over seeds"
    return (
        f"Ours in percent, {n} seed{'s' * (n > 1)}, with the 95 % {interval}; in parentheses the "
        f"paper's. {_settings(choices)}"
    )


def _figure_caption(choices: Choices, asked: Asked) -> str:
    n = len(asked.seeds)
    first = f"the first of {n} seeds, {asked.seeds[0]}" if n > 1 else f"seed {asked.seeds[0]}"
    return f"One run, {first}. {_settings(choices)}"


def _settings(choices: Choices) -> str:
    sizes = f"size {choices.size}" if choices.size else _budget_sizes(choices.budget)
    cut = f" At most {choices.cut} images of each split." if choices.cut else ""
    return f"Preset {choices.preset}, budget {choices.budget}, {sizes}.{cut}"


def _budget_sizes(name: BudgetName) -> str:
    budget = BUDGETS[name]
    sizes = " and ".join(
        "×".join([str(size)] * dims) for dims, size in sorted(budget.sizes.items())
    )
    stored = f", of MedMNIST the files of {budget.stored}" if budget.stored else ""
    return f"sizes {sizes}{stored}"
