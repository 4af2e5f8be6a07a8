"""The page `report.html` of a run folder."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from topojax.files import write_atomically
from topojax.report.curves import betti_figure, search_figure, training_figure
from topojax.report.examples import example_figure
from topojax.report.performance import roc_figure
from topojax.report.run_files import RunFiles, load_run
from topojax.report.tables import (
    class_table,
    configuration_tables,
    confusion_rows,
    coverage_table,
    environment_table,
    per_class_tables,
    rule_table,
    score_table,
    timing_table,
)

_OPTIMISM = {
    "cv-auc": (
        "The validation split chose the backbone's epoch; the ROI's rule was found by "
        "cross-validation inside the training split."
    ),
    "val-auc": (
        "The validation split chose the backbone's epoch and the ROI's rule, so its scores are "
        "optimistic."
    ),
}


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
    target = run_dir / "report.html"
    write_atomically(target, page.encode("utf-8"))
    return target


def render_page(run: RunFiles) -> str:
    """Return the page as HTML; every name in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("topojax.report").joinpath("page.html.j2").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(**_page_values(run))


def _page_values(run: RunFiles) -> dict[str, Any]:
    metrics, data = run.metrics, run.environment.data
    test = metrics.topocam["test"]
    return {
        "data": data,
        "environment": run.environment,
        "preset": run.config.get("preset", "unnamed"),
        "shape": " × ".join(str(length) for length in data.shape),
        "unit": "voxels" if data.spatial_dims == 3 else "pixels",
        "warnings": metrics.warnings,
        "level": f"{test.level * 100:g}%",
        "n_bootstrap": test.n_bootstrap,
        "test_scores": score_table(run, "test"),
        "other_scores": [score_table(run, "val"), score_table(run, "train")],
        "per_class": per_class_tables(run),
        "confusion": confusion_rows(run),
        "roc": roc_figure(run),
        "examples": [example_figure(run, row) for row in range(len(run.examples.labels))],
        "betti": betti_figure(run),
        "thresholds_shared": run.thresholds is not None,
        "backbone_curve": run.backbone_probabilities is not None,
        "rule": rule_table(run),
        "search": search_figure(metrics.fusion) if metrics.fusion.history else None,
        "coverage": coverage_table(run),
        "training": training_figure(metrics.backbone_training)
        if metrics.backbone_training.history
        else None,
        "optimism": _OPTIMISM.get(metrics.fusion.objective, ""),
        "classes": class_table(run),
        "timing": timing_table(run),
        "configuration": configuration_tables(run.config),
        "environment_table": environment_table(run.environment),
    }
