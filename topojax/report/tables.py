"""Tables of the page, as text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from topojax.data import SPLITS, SplitName
from topojax.evaluation import Scores, confusion_matrix
from topojax.report.intervals import difference_text, interval_text, rounded
from topojax.runs import Environment, Run

METRIC_NAMES = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "f1": "F1",
}

METHOD_TITLES = {
    "backbone": "backbone alone",
    "whole-image": "topology of the whole image",
    "volumes": "sublevel volumes of the ROI",
    "whole-volumes": "sublevel volumes of the whole image",
    "intensity": "topology of the ROI, intensity alone",
    "whole-intensity": "topology of the whole image, intensity alone",
    "roi-size": "size of the ROI alone",
    "predicted-class": "predicted class alone",
    "embedding": "pooled features",
    "topology": "topology of the ROI",
    "topology+embedding": "topology and pooled features",
    "topology+logits": "stack of the ROI's topology and the network",
    "whole-image+logits": "stack of the whole image's topology and the network",
}
"""Methods as they are shown, in that order; TopoCAM is above them all."""


@dataclass(frozen=True)
class Table:
    """A caption, the columns' heads, and rows whose first cell is their head."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ConfusionCell:
    """Images of one true class with one decision, and their share of the true class."""

    count: int
    share: float
    correct: bool


def score_table(run: Run, split: SplitName) -> Table:
    """Return every score of a split with its interval, of TopoCAM and of the backbone."""
    methods = (run.metrics.topocam[split], run.metrics.backbone[split])
    rows = tuple(
        (title, *(interval_text(scores.metrics[name]) for scores in methods))
        for name, title in METRIC_NAMES.items()
    )
    n = methods[0].n
    return Table(f"{split} split, n = {n}", ("Score", "TopoCAM", "Backbone alone"), rows)


def comparison_table(run: Run, titles: Mapping[str, str]) -> Table:
    """Return the test scores of TopoCAM and of all that it is measured against.

    Args:
        titles: method to what it is called, in the order of the rows.
    """
    metrics = run.metrics
    methods = {"TopoCAM": metrics.topocam["test"]} | {
        title: metrics.comparisons[name].scores
        for name, title in titles.items()
        if name in metrics.comparisons
    }
    rows = tuple(
        (title, *(interval_text(scores.metrics[name]) for name in METRIC_NAMES))
        for title, scores in methods.items()
    )
    caption = "TopoCAM and what it is measured against, test split"
    return Table(caption, ("Method", *METRIC_NAMES.values()), rows)


def calibration_table(run: Run) -> Table:
    """Return calibration errors before and after the temperature, of both held-out splits."""
    found = run.metrics.calibration
    names = {
        "expected_error": "Expected calibration error",
        "maximum_error": "Maximum calibration error",
        "brier": "Brier score",
        "log_loss": "Log loss (nats)",
    }
    columns = (found.val.before, found.val.after, found.test.before, found.test.after)
    rows = tuple(
        (title, *(rounded(getattr(column, name)) for column in columns))
        for name, title in names.items()
    )
    heads = ("Error", "val", f"val, T = {found.temperature:.2f}", "test", "test, same T")
    return Table("Calibration of TopoCAM", heads, rows)


def per_class_tables(run: Run) -> list[Table]:
    """Return one table a method of the test scores of each class; none for two classes."""
    methods = {"TopoCAM": run.metrics.topocam, "Backbone alone": run.metrics.backbone}
    return [
        _per_class_table(f"{name}, test split, each class against the rest", scores["test"], run)
        for name, scores in methods.items()
        if scores["test"].per_class
    ]


def _per_class_table(caption: str, scores: Scores, run: Run) -> Table:
    rows = tuple(
        (name, *(interval_text(intervals[c]) for intervals in scores.per_class.values()))
        for c, name in enumerate(run.class_names)
    )
    heads = (METRIC_NAMES.get(name, name) for name in scores.per_class)
    return Table(caption, ("Class", *heads), rows)


def confusion_rows(run: Run) -> list[tuple[str, list[ConfusionCell]]]:
    """Return the test split's true classes with their decisions."""
    counts = confusion_matrix(run.labels["test"], run.probabilities["test"])
    shares = counts / counts.sum(axis=1, keepdims=True)
    return [
        (
            name,
            [
                ConfusionCell(int(counts[true, c]), float(shares[true, c]), c == true)
                for c in range(len(run.class_names))
            ],
        )
        for true, name in enumerate(run.class_names)
    ]


def class_table(run: Run) -> Table:
    """Return the number of images of each class in each split."""
    counts = {s: np.bincount(run.labels[s], minlength=len(run.class_names)) for s in SPLITS}
    rows = [
        (name, *(str(counts[split][c]) for split in SPLITS))
        for c, name in enumerate(run.class_names)
    ]
    total = ("all", *(str(counts[split].sum()) for split in SPLITS))
    return Table("Images by class and split", ("Class", *SPLITS), (*rows, total))


def rule_table(run: Run) -> Table:
    """Return the fusion weights, the threshold and the search's score."""
    fusion = run.metrics.fusion
    rows = [(f"weight of {layer}", rounded(weight)) for layer, weight in fusion.weights.items()]
    rows.append(("threshold τ", rounded(fusion.tau)))
    if fusion.searches == 0:
        rows.append(("how", f"given (search.method={fusion.method})"))
    elif fusion.searches > 1:
        rows.append(("searches", f"{fusion.searches}; this is the first one's rule"))
    if fusion.fitness is not None:
        seen = "has not seen" if fusion.has_unseen_maps else "was trained on"
        of_maps = f"on maps of a network that {seen} the image"
        score = f"score of the search ({fusion.objective}), {of_maps}"
        rows.append((score, rounded(fusion.fitness)))
    if fusion.val_auc is not None:
        rows.append(("AUC of the ROI's topology on validation images", rounded(fusion.val_auc)))
    return Table("The rule of the ROI", ("Quantity", "Value"), tuple(rows))


def classifier_table(run: Run) -> Table | None:
    """Return the classifier of each kind of features; None in folders of older versions."""
    rows = tuple(
        (
            features,
            found.model,
            ", ".join(f"{name}={_text(value)}" for name, value in found.settings.items()),
            "" if found.cv_auc is None else rounded(found.cv_auc),
        )
        for features, found in run.metrics.classifiers.items()
    )
    heads = ("Features", "Model", "Settings", "AUC, folds of the training split")
    return Table("Classifiers", heads, rows) if rows else None


def filtration_table(run: Run) -> Table | None:
    """Return what each filtration adds on validation images; None where there is one alone."""
    rows = tuple(
        (found.filtration, difference_text(found.difference.differences["auc"]))
        for found in run.metrics.filtrations
    )
    heads = ("Left out", "AUC lost, validation")
    return Table("What each filtration adds to the others", heads, rows) if rows else None


def coverage_table(run: Run) -> Table:
    """Return how much of the images the ROIs cover."""
    rows = tuple(
        (
            split,
            str(roi.n),
            f"{roi.empty}, dropped" if roi.dropped else str(roi.empty),
            f"{roi.coverage_mean:.1%}",
            f"{roi.coverage_median:.1%}",
        )
        for split, roi in ((split, run.metrics.roi[split]) for split in SPLITS)
    )
    heads = ("Split", "Images", "Empty ROIs", "Mean coverage", "Median coverage")
    return Table("Size of the ROI, as a share of the image", heads, rows)


def timing_table(run: Run) -> Table:
    """Return the seconds of each stage and their share."""
    timing = run.metrics.timing
    total = sum(timing.values())
    rows = [
        (stage, f"{seconds:.1f}", f"{seconds / total:.0%}" if total else "")
        for stage, seconds in timing.items()
    ]
    return Table(
        "Time by stage", ("Stage", "Seconds", "Share"), (*rows, ("all", f"{total:.1f}", ""))
    )


def configuration_tables(config: Mapping[str, Any]) -> list[Table]:
    """Return one table of plain keys, then one a section."""
    sections = {key: value for key, value in config.items() if isinstance(value, Mapping)}
    general = {key: value for key, value in config.items() if key not in sections}
    return [
        Table(title, ("Key", "Value"), tuple((key, _text(one)) for key, one in flattened(values)))
        for title, values in {"general": general, **sections}.items()
        if values
    ]


def flattened(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by dotted key."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def environment_table(environment: Environment) -> Table:
    """Return versions, device, seed, command and the data's fingerprint."""
    rows = (
        ("started", environment.started),
        ("command", shlex.join(environment.command)),
        ("device", environment.device),
        ("platform", environment.platform),
        ("seed", str(environment.seed)),
        ("data", environment.data.source),
        ("images", environment.data.preparation or ""),
        ("splits", environment.data.division or ""),
        ("data fingerprint", environment.data.fingerprint),
        ("Python", environment.python),
        ("topojax", environment.topojax),
        *environment.packages.items(),
    )
    shown = tuple(row for row in rows if row[1])
    return Table("What the run ran on", ("Item", "Value"), shown)
