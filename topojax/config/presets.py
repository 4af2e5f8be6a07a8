"""Named sets of values: the three presets, and the defaults of demo, leak test, learning curve."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "sound": {"preset": "sound"},
    "paper": {
        "preset": "paper",
        # The default's few large steps were measured on standardised descriptors; these are raw.
        "search": {
            "objective": "val-auc",
            "tau": 0.6,
            "classifier_epochs": 30,
            "classifier_batch_size": 256,
            "classifier_learning_rate": 1e-3,
        },
        "topology": {"background": "zero", "grid": "sample"},
        "classifier": {"standardise": False},
    },
    # The authors' public script with its defects: it exists to show what they do to scores.
    "official": {
        "preset": "official",
        "cam": {"rescale_fused": False},
        "search": {
            "objective": "val-resubstitution",
            "tau": 0.6,
            "tolerance": 0.01,
            "classifier_epochs": 100,
            "classifier_learning_rate": 1e-3,
            "searches": 3,
        },
        "topology": {"background": "zero", "grid": "giotto", "empty_roi": "drop"},
        "classifier": {"standardise": False, "epochs": 50},
    },
}


USUAL_TAU = 0.6
"""The paper's threshold, for rules on which nothing that is scored depends."""

DEMO_IMAGES = {"n_train": 48, "n_val": 18, "n_test": 48}
"""Synthetic volumes of `topojax demo` in each split."""

DEMO_BUDGET: dict[str, Any] = {
    "backbone.epochs": 4,
    "backbone.batch_size": 8,
    "cam.batch_size": 16,
    "search.population_per_gene": 4,
    "search.generations": 5,
}
"""Overrides of `topojax demo`: within three minutes on two cores, compilation included."""

LEAKTEST_BUDGET: dict[str, Any] = {
    "backbone.epochs": 2,
    "search.generations": 5,
    "search.population_per_gene": 5,
}
"""Overrides of `topojax leaktest`, which needs no more than a network that has looked at the labels
and a search that has tried to fit them."""

LEARNING_CURVE_DEFAULTS: dict[str, Any] = {"cam.folds": 3}
"""Defaults of `topojax learning-curve`, under the user's own settings: with folds there are stacks
to compare, and few images are where a network has memorised most of what its maps are taken of."""
