"""The weighted loss: its closed form, and what `balanced` means."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from topojax.training.backbone.loss import class_weights, weighted_cross_entropy


def test_balanced_classes_weigh_the_same_in_all() -> None:
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 2])
    weights = class_weights("balanced", labels, 3)
    np.testing.assert_allclose(weights, [8 / 15, 8 / 6, 8 / 3], rtol=1e-6)
    np.testing.assert_allclose(np.bincount(labels, weights[labels]), 8 / 3, rtol=1e-6)
    np.testing.assert_array_equal(class_weights("none", labels, 3), 1)
    assert np.isfinite(class_weights("balanced", labels, 4)).all()


def test_the_loss_is_the_weighted_mean(rng: np.random.Generator) -> None:
    logits = rng.standard_normal((9, 3))
    labels, weights = rng.integers(0, 3, 9), rng.random(9)
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(9), labels]
    arrays = (jnp.asarray(array, jnp.float32) for array in (logits, weights))
    got = weighted_cross_entropy(next(arrays), labels, next(arrays), jnp.float32(weights.sum()))
    assert float(got) == pytest.approx(np.average(losses, weights=weights), rel=1e-5)
