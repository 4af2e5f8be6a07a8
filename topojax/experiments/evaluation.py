"""Scores of a fitted method on labelled images."""

from __future__ import annotations

from topojax.data import ImageSet, validate_labels
from topojax.defects import scored_rows
from topojax.errors import DataError
from topojax.experiments.comparison import check_scorable, comparisons, split_scores
from topojax.pipeline import FittedTopoCAM
from topojax.runs import Evaluation


def evaluate_fitted(fitted: FittedTopoCAM, found: ImageSet, *, seed: int) -> Evaluation:
    """Return scores with intervals, of TopoCAM and all it is measured against.

    Raises:
        DataError: no labels, labels out of range, fewer than two of a class, or images of another
            shape.
    """
    if found.labels is None:
        raise DataError(f"{found.source} holds no labels to score against; use predict instead")
    labels = validate_labels(found.labels, len(fitted.class_names), name="labels")
    check_scorable(labels, fitted.class_names, name=found.source)
    reading = fitted.read(found.images, progress=True)
    config = fitted.config.model_copy(update={"seed": seed})
    rows = scored_rows(config, reading.empty)
    labels, reading = labels[rows], reading.rows(rows)
    return Evaluation(
        topocam=split_scores(config, "evaluation", labels, reading.probabilities),
        backbone=split_scores(config, "evaluation", labels, reading.backbone_probabilities),
        comparisons=comparisons(config, "evaluation", labels, reading),
    )
