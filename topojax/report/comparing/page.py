"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topojax.evaluation import Difference
from topojax.report.comparing.compared import ComparedRuns, ScoredRun
from topojax.report.comparing.differing import (
    configuration_differences,
    environment_differences,
)
from topojax.report.comparing.named_run import NamedRun
from topojax.report.comparing.over_seeds import seed_difference_table, seed_table
from topojax.report.figures.comparison import MethodRow, comparison_figure
from topojax.report.figures.rendering import PageFigure, default_style, legible
from topojax.report.figures.roc import RocMethod, roc_figure
from topojax.report.intervals import difference_text, interval_text
from topojax.report.tables import METRIC_NAMES, Table
from topojax.report.template import rendered


def build_comparison_page(compared: ComparedRuns) -> str:
    """Return the page as HTML; it needs nothing beside itself. The same runs give the same page."""
    with default_style():
        values = _page_values(compared)
    return legible(rendered("comparison.html.j2", values))


def _page_values(compared: ComparedRuns) -> dict[str, Any]:
    first = compared.topocam[0].scores
    runs = compared.runs
    return {
        "data": runs[0].run.environment.data,
        "class_names": runs[0].run.class_names,
        "n": first.n,
        "n_bootstrap": first.n_bootstrap,
        "level": f"{first.level * 100:g}%",
        "reference": runs[0].title,
        "n_differences": len(runs) - 1,
        "meaningless": [(one.title, one.run.metrics.meaningless) for one in runs],
        "warnings": comparison_warnings(runs),
        "run_table": _run_table(runs),
        "parts": [
            _part("TopoCAM", compared.topocam, compared),
            _part("Backbone alone", compared.backbone, compared),
        ],
        "seeds": [
            table
            for table in (
                seed_table(compared, first.level),
                seed_difference_table(compared, first.level),
            )
            if table
        ],
        "configuration": configuration_differences(runs),
        "environment": environment_differences(runs),
    }


def comparison_warnings(runs: Sequence[NamedRun]) -> list[str]:
    """Return what a reader must know before the scores; sentences."""
    found = []
    for one in runs:
        dropped = one.run.metrics.roi["test"].dropped
        if dropped:
            found.append(
                f"{one.title} leaves {dropped} test images out of its own scores, since their ROI "
                "is empty; here they are scored like all others"
            )
    if len({one.run.environment.data.fingerprint for one in runs}) > 1:
        found.append(
            "the runs' data differ by their fingerprints: that the test images are the same, in "
            "the same order, was vouched for by whoever made this page"
        )
    return found


def _run_table(runs: Sequence[NamedRun]) -> Table:
    rows = tuple(
        (
            one.title,
            str(one.folder),
            one.run.preset,
            str(one.run.environment.seed),
            one.run.environment.topojax,
            one.run.environment.started,
        )
        for one in runs
    )
    heads = ("Run", "Folder", "Preset", "Seed", "topojax", "Started")
    return Table("The runs; the first is the reference", heads, rows)


def _part(title: str, scored: Sequence[ScoredRun], compared: ComparedRuns) -> dict[str, Any]:
    run = compared.runs[0].run
    methods = [RocMethod(one.title, one.probabilities, one.scores) for one in scored]
    return {
        "title": title,
        "scores": _score_table(title, scored),
        "differences": _difference_table(title, scored),
        "forest": _forest(scored),
        "roc": roc_figure(run.labels["test"], run.class_names, methods),
    }


def _score_table(title: str, scored: Sequence[ScoredRun]) -> Table:
    rows = tuple(
        (one.title, *(interval_text(one.scores.metrics[name]) for name in METRIC_NAMES))
        for one in scored
    )
    caption = f"{title}, test split, n = {scored[0].scores.n}"
    return Table(caption, ("Run", *METRIC_NAMES.values()), rows)


def _difference_table(title: str, scored: Sequence[ScoredRun]) -> Table:
    rows = tuple(
        (one.title, *(_difference_text(one.adjusted[name]) for name in METRIC_NAMES))
        for one in scored[1:]
    )
    caption = f"{title}, scores less those of {scored[0].title}"
    return Table(caption, ("Run", *METRIC_NAMES.values()), rows)


def _difference_text(difference: Difference) -> str:
    """Return a difference that breaks between its parts alone."""
    return difference_text(difference).replace("p = ", "p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def _forest(scored: Sequence[ScoredRun]) -> PageFigure:
    rows = [
        MethodRow(
            one.title,
            one.scores.metrics["auc"],
            one.difference.differences["auc"] if one.difference else None,
        )
        for one in scored
    ]
    return comparison_figure(rows, level=scored[0].scores.level)
