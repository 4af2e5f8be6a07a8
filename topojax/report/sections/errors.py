"""Errors: test images that were decided wrongly, and those whose ROI came out empty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from topojax.report.figures.examples import example_figure
from topojax.report.figures.rendering import PageFigure
from topojax.report.tables import Table
from topojax.runs import Run

_OPEN_ROWS = 15
_MOST_ROWS = 1000


@dataclass(frozen=True)
class ErrorList:
    """Rows of one kind of error: the first ones, further ones, and how many are in no table."""

    n: int
    first: Table
    further: Table | None
    n_left_out: int


@dataclass(frozen=True)
class ErrorSection:
    """What the section shows.

    Attributes:
        n: test images.
        wrong: decided wrongly, the surest first.
        empty: decided right or wrong, with an empty ROI, in the split's order.
        pictures: of some; none in folders of older versions.
    """

    n: int
    wrong: ErrorList
    empty: ErrorList
    pictures: list[PageFigure]


def error_section(run: Run) -> ErrorSection:
    """Return every error of the test split, the first ones with their pictures."""
    labels, probabilities = run.labels["test"], run.probabilities["test"]
    wrong = probabilities.argmax(axis=1) != labels
    surest = np.argsort(-probabilities.max(axis=1), kind="stable")
    empty = np.flatnonzero(run.arrays.splits["test"].roi_empty)
    return ErrorSection(
        n=len(labels),
        wrong=_listed(run, surest[wrong[surest]], "Decided wrongly, the surest first"),
        empty=_listed(run, empty, "Empty ROIs"),
        pictures=_pictures(run),
    )


def _pictures(run: Run) -> list[PageFigure]:
    errors, empty = run.arrays.errors, run.arrays.splits["test"].roi_empty
    if errors is None:
        return []
    found = []
    for row, place in enumerate(errors.index):
        figure = example_figure(errors, row, run.class_names)
        said = f"{figure.caption} It came out empty." if empty[place] else figure.caption
        found.append(replace(figure, caption=said))
    return found


def _listed(run: Run, places: np.ndarray, caption: str) -> ErrorList:
    rows = [_row(run, int(place)) for place in places[:_MOST_ROWS]]
    further = rows[_OPEN_ROWS:]
    return ErrorList(
        n=len(places),
        first=_table(run, caption, rows[:_OPEN_ROWS]),
        further=_table(run, f"{caption}, the others", further) if further else None,
        n_left_out=len(places) - len(rows),
    )


def _table(run: Run, caption: str, rows: list[tuple[str, ...]]) -> Table:
    named = () if run.arrays.names is None else ("Name",)
    heads = ("Image", *named, "True", "Predicted", "Probability", "Of the true class", "ROI voxels")
    return Table(caption, heads, tuple(rows))


def _row(run: Run, place: int) -> tuple[str, ...]:
    probabilities, features = run.probabilities["test"][place], run.arrays.splits["test"]
    true, predicted = int(features.labels[place]), int(probabilities.argmax())
    names = run.arrays.names
    voxels = f"{float(features.roi_voxels[place]):g}"
    return (
        str(place),
        *(() if names is None else (str(names[place]),)),
        run.class_names[true],
        run.class_names[predicted],
        f"{probabilities[predicted]:.3f}",
        f"{probabilities[true]:.3f}",
        f"{voxels}, empty" if features.roi_empty[place] else voxels,
    )
