"""Images whose texture under the first of two maps alone tells the class."""

from __future__ import annotations

import numpy as np

from topojax.config import Config, make_config
from topojax.search import LabelledMaps, SearchData
from topojax.topology import FilteredImages

GENES = np.array([[0.9, 0.1, 0.5], [0.1, 0.9, 0.5], [0.4, 0.6, 0.9], [0.5, 0.5, 0.1]], np.float32)


def make_data(rng: np.random.Generator) -> SearchData:
    """Return 36 training and 24 validation images, 12 x 12, of two classes."""

    def split(n: int) -> LabelledMaps:
        labels = np.arange(n) % 2
        images = rng.random((n, 12, 12)).astype(np.float32)
        images[labels == 1, :6] = np.round(images[labels == 1, :6])
        maps = np.zeros((n, 2, 12, 12), np.uint8)
        maps[:, 0, :6], maps[:, 1, 6:] = 255, 255
        filtered = FilteredImages({"intensity": images}, {"intensity": np.linspace(0, 1, 10)})
        return LabelledMaps(filtered, maps, labels)

    return SearchData(split(36), split(24))


def make_settings(objective: str, **changes: object) -> Config:
    """Return settings of a small search by an objective."""
    tau = {"search.tau": 0.6} if objective == "map-auc" else {}
    overrides = {
        "search.objective": objective,
        "search.classifier_epochs": 20,
        "search.classifier_batch_size": 8,
        "search.classifier_learning_rate": 1e-3,
        "topology.n_thresholds": 10,
    }
    return make_config(overrides=overrides | tau | changes)
