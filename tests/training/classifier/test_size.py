"""What a classifier takes in a checkpoint is never more than was said before it was trained."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from topojax.config import ClassifierConfig
from topojax.training import fit_classifier
from topojax.training.classifier.size import classifier_size


@pytest.mark.parametrize("model", ["mlp", "logistic", "extra-trees", "gradient-boosting", "auto"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_is_an_upper_estimate(model: str, n_classes: int, rng: np.random.Generator) -> None:
    # Labels that nothing explains grow the largest trees.
    x = rng.standard_normal((160, 300)).astype(np.float32)
    labels = np.arange(160) % n_classes
    config = ClassifierConfig(
        model=model, epochs=1, n_trees=60, boosting_rounds=8, selection_folds=2
    )
    arrays = fit_classifier(0, x, labels, n_classes, config).arrays()
    taken = sum(leaf.nbytes for leaf in jax.tree.leaves(arrays))
    said = classifier_size(config, 160, 300, n_classes)
    assert taken <= said
    if model != "auto":
        assert said < 4 * taken
