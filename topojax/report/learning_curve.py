"""The page `report.html` of the folder of a learning curve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from topojax.errors import RunError
from topojax.evaluation import Interval
from topojax.files import write_atomically
from topojax.report.figures.learning_curve import learning_curve_figure
from topojax.report.figures.rendering import default_style, legible
from topojax.report.intervals import interval_text, signed_text
from topojax.report.tables import METHOD_TITLES, Table, configuration_tables, environment_table
from topojax.report.template import rendered
from topojax.runs import CurvePoint, LearningCurve, SeedMean


def build_learning_curve_report(folder: Path) -> Path:
    """Write `report.html` beside a finished `learning_curve.json`, and return its path.

    The page needs nothing beside itself. The same file gives the same bytes.

    Raises:
        RunError: the file is missing, broken or of a curve that has not ended, or the page cannot
            be written.
    """
    curve = LearningCurve.read(folder)
    if not curve.points:
        raise RunError(
            f"{folder} holds a learning curve that has not ended; the same command goes on with it"
        )
    page = rendered("learning_curve.html.j2", _page_values(curve))
    target = folder / "report.html"
    write_atomically(target, legible(page).encode("utf-8"))
    return target


def _page_values(curve: LearningCurve) -> dict[str, Any]:
    titles = {name: METHOD_TITLES[name] for name in curve.shown}
    lines = {title: curve.points[name] for name, title in titles.items()}
    with default_style():
        figure = learning_curve_figure(lines, level=curve.level)
    return {
        "data": curve.environment.data,
        "environment": curve.environment,
        "preset": curve.config["preset"],
        "sizes": curve.sizes,
        "seeds": curve.seeds,
        "folds": curve.config["cam"]["folds"],
        "unseen": curve.config["cam"]["unseen"],
        "level": f"{curve.level * 100:g}%",
        "warnings": curve.warnings,
        "figure_of_aucs": figure,
        "aucs": _table(curve, "AUC on the test split", _auc),
        "differences": _table(
            curve, f"AUC less that of the {METHOD_TITLES['backbone']}, paired by seed", _difference
        ),
        "accuracies": _table(curve, "Accuracy on the test split", _accuracy),
        "configuration": configuration_tables(curve.config),
        "environment_table": environment_table(curve.environment),
    }


def _table(curve: LearningCurve, caption: str, cell: Callable[[CurvePoint], str]) -> Table:
    """Return one row a method and one column a number of images."""
    rows = [
        (METHOD_TITLES[name], *(cell(point) for point in curve.points[name]))
        for name in curve.shown
    ]
    heads = ("Method", *(f"n = {n}" for n in curve.sizes))
    return Table(caption, heads, tuple(row for row in rows if any(row[1:])))


def _auc(point: CurvePoint) -> str:
    return _text(point.auc)


def _accuracy(point: CurvePoint) -> str:
    return _text(point.accuracy)


def _difference(point: CurvePoint) -> str:
    found = point.difference
    return signed_text(found.mean, found.low, found.high) if found else ""


def _text(found: SeedMean) -> str:
    return interval_text(Interval(found.mean, found.low, found.high))
