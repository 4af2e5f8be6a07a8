"""Scores of a fitted method on labelled images."""

from __future__ import annotations

from typing import Any

import numpy as np

from topojax.data import ImageSet, validate_labels
from topojax.errors import DataError
from topojax.evaluation import score
from topojax.pipeline import FittedTopoCAM, read_images


def evaluate_fitted(fitted: FittedTopoCAM, found: ImageSet, *, seed: int) -> dict[str, Any]:
    """Return scores with intervals of TopoCAM and of its backbone alone, as JSON objects.

    Raises:
        DataError: no labels, labels out of range, or images of another shape.
    """
    if found.labels is None:
        raise DataError(f"{found.source} holds no labels to score against; use predict instead")
    labels = validate_labels(found.labels, len(fitted.class_names), name="labels")
    reading = read_images(fitted, found.images, progress=True)
    settings = fitted.config.evaluation

    def scores(probabilities: np.ndarray) -> dict[str, Any]:
        return score(
            labels,
            probabilities,
            rng=np.random.default_rng(seed),
            n_bootstrap=settings.n_bootstrap,
            level=settings.level,
        ).to_json()

    return {
        "topocam": scores(reading.probabilities),
        "backbone": scores(reading.backbone_probabilities),
    }
