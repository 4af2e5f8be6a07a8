"""The page `report.html` of a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from topojax.evaluation import log_probabilities, temper
from topojax.files import write_atomically
from topojax.report.figures.betti import betti_figure
from topojax.report.figures.comparison import MethodRow, comparison_figure
from topojax.report.figures.examples import example_figure
from topojax.report.figures.landscape import UsedRule, landscape_figure
from topojax.report.figures.reliability import reliability_figure
from topojax.report.figures.rendering import PageFigure, default_style, legible
from topojax.report.figures.roc import RocMethod, roc_figure
from topojax.report.figures.training import training_figure
from topojax.report.sections import bar_section, error_section
from topojax.report.tables import (
    METHOD_TITLES,
    calibration_table,
    class_table,
    classifier_table,
    comparison_table,
    configuration_tables,
    confusion_rows,
    coverage_table,
    environment_table,
    filtration_table,
    per_class_tables,
    rule_table,
    score_table,
    timing_table,
)
from topojax.report.template import rendered
from topojax.report.viewer import viewer_of
from topojax.report.writing import write_up
from topojax.runs import Fusion, Run, RunFolder, load_run


def build_report(run_dir: Path) -> Path:
    """Write `report.html` into a run folder and return its path.

    The page reads nothing but the folder's own files, and it needs none beside itself: figures,
    style and numbers are inside. A reader sees the old page or the whole new one. The same folder
    gives the same bytes.

    Raises:
        RunError: a file of the folder is missing or broken, or the page cannot be written.
    """
    run_dir = Path(run_dir)
    page = render_page(load_run(run_dir))
    target = RunFolder(run_dir).report
    write_atomically(target, legible(page).encode("utf-8"))
    return target


def render_page(run: Run) -> str:
    """Return the page as HTML; every name in it is escaped."""
    with default_style():
        values = _page_values(run)
    return rendered("page.html.j2", values)


def _page_values(run: Run) -> dict[str, Any]:
    metrics, data = run.metrics, run.environment.data
    test = metrics.topocam["test"]
    return {
        "data": data,
        "environment": run.environment,
        "preset": run.preset,
        "shape": " × ".join(str(length) for length in data.shape),
        "unit": "voxels" if data.spatial_dims == 3 else "pixels",
        "warnings": metrics.warnings,
        "meaningless": metrics.meaningless,
        "level": f"{test.level * 100:g}%",
        "n_bootstrap": test.n_bootstrap,
        "test_scores": score_table(run, "test"),
        "other_scores": [score_table(run, "val"), score_table(run, "train")],
        "per_class": per_class_tables(run),
        "confusion": confusion_rows(run),
        "roc": _roc(run),
        "comparison": _comparison(run),
        "comparison_table": comparison_table(run, METHOD_TITLES),
        "reliability": _reliability(run),
        "calibration": calibration_table(run),
        "calibration_used": metrics.calibration.used,
        "examples": _examples(run),
        "viewer": viewer_of(run),
        "errors": error_section(run),
        "bars": bar_section(run),
        "betti": [betti_figure(run, name) for name in run.arrays.curves],
        "thresholds_shared": next(iter(run.arrays.curves.values())).thresholds is not None,
        "dropped": metrics.roi["test"].dropped,
        "filtrations": filtration_table(run),
        "rule": rule_table(run),
        "search": _landscape(run),
        "coverage": coverage_table(run),
        "training": _training(run),
        "is_cross_fitted": run.n_networks > 1,
        "optimism": _note(metrics.fusion),
        "classes": class_table(run),
        "timing": timing_table(run),
        "configuration": configuration_tables(run.config),
        "classifiers": classifier_table(run),
        "chosen": any(one.trials for one in metrics.classifiers.values()),
        "environment_table": environment_table(run.environment),
        "writing": write_up(run),
    }


def _note(fusion: Fusion) -> str:
    """Return what the choice of the rule does to other scores."""
    if fusion.note:
        return fusion.note
    # Folders of older versions hold the objective's name alone; its module loads jax.
    from topojax.search import OBJECTIVES

    return OBJECTIVES[fusion.objective].note if fusion.objective in OBJECTIVES else ""


def _roc(run: Run) -> PageFigure:
    metrics = run.metrics
    backbone = run.arrays.probabilities["backbone"]
    methods = (
        RocMethod("TopoCAM", run.probabilities["test"], metrics.topocam["test"]),
        RocMethod("Backbone alone", backbone, metrics.backbone["test"]),
    )
    return roc_figure(run.labels["test"], run.class_names, methods)


def _examples(run: Run) -> list[PageFigure]:
    examples = run.arrays.examples
    return [example_figure(examples, row, run.class_names) for row in range(len(examples.labels))]


def _training(run: Run) -> PageFigure | None:
    training = run.metrics.backbone_training
    if not training.history:
        return None
    is_one = run.config.get("cam", {}).get("unseen") == "one"
    return training_figure(training, n_networks=1 if is_one else run.n_networks)


def _comparison(run: Run) -> PageFigure:
    metrics = run.metrics
    test = metrics.topocam["test"]
    rows = [MethodRow("TopoCAM", test.metrics["auc"], None)]
    rows += [
        MethodRow(
            title,
            metrics.comparisons[name].scores.metrics["auc"],
            # What is recorded is TopoCAM's score less the other's.
            -metrics.comparisons[name].difference.differences["auc"],
        )
        for name, title in METHOD_TITLES.items()
        if name in metrics.comparisons
    ]
    return comparison_figure(rows, level=test.level)


def _reliability(run: Run) -> PageFigure:
    raw = run.arrays.probabilities[run.features]
    temperature = run.metrics.calibration.temperature
    calibrated = temper(log_probabilities(raw), temperature)
    return reliability_figure(
        run.labels["test"],
        raw,
        calibrated,
        temperature=temperature,
        n_bins=run.calibration_bins,
    )


def _landscape(run: Run) -> PageFigure | None:
    tried, fusion = run.arrays.tried, run.metrics.fusion
    if tried is None or not fusion.history:
        return None
    return landscape_figure(
        tried.weights,
        tried.taus,
        tried.scores,
        tuple(fusion.weights),
        used=UsedRule(np.array([*fusion.weights.values()]), fusion.tau),
        per_generation=len(tried.scores) // len(fusion.history),
    )
