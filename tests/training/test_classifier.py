"""The classifier on descriptors: it learns, candidates do not mix, weights leave samples out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from topojax.config import ClassifierConfig
from topojax.training import (
    Standardisation,
    classifier_probabilities,
    fit_classifier,
    train_mlps,
)

SETTINGS = {
    "n_classes": 3,
    "hidden": (16, 8),
    "epochs": 4,
    "batch_size": 16,
    "learning_rate": 1e-2,
}


@pytest.fixture
def clusters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(90) % 3
    centres = rng.standard_normal((3, 6)) * 4
    return (centres[labels] + rng.standard_normal((90, 6))).astype(np.float32), labels


def test_learns_separated_clusters(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    descriptors, labels = clusters
    config = ClassifierConfig(hidden=(16, 8), epochs=40, learning_rate=1e-2)
    classifier = fit_classifier(jax.random.key(0), descriptors, labels, 3, config)
    probabilities = classifier_probabilities(classifier, descriptors)
    assert (probabilities.argmax(1) == labels).mean() > 0.95
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


def test_candidates_trained_together_equal_candidates_trained_alone(
    clusters: tuple[np.ndarray, np.ndarray],
) -> None:
    descriptors, labels = clusters
    both = jnp.stack([jnp.asarray(descriptors), jnp.asarray(descriptors) ** 2])
    weights = jnp.ones((1, 90))
    together = train_mlps(jax.random.key(1), both, jnp.asarray(labels), weights, **SETTINGS)
    for candidate in (0, 1):
        alone = train_mlps(
            jax.random.key(1),
            both[candidate][None],
            jnp.asarray(labels),
            weights,
            **SETTINGS,
        )
        for many, one in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(many[candidate, 0], one[0, 0], rtol=1e-4, atol=1e-5)


def test_samples_of_weight_zero_have_no_influence(
    clusters: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> None:
    descriptors, labels = clusters
    weights = np.ones((1, 90), np.float32)
    weights[0, 60:] = 0
    spoilt, wrong = descriptors.copy(), labels.copy()
    spoilt[60:] = rng.standard_normal((30, 6)) * 100
    wrong[60:] = (wrong[60:] + 1) % 3

    def train(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[np.ndarray]:
        params = train_mlps(
            jax.random.key(2), jnp.asarray(x)[None], jnp.asarray(y), jnp.asarray(w), **SETTINGS
        )
        return [np.asarray(leaf) for leaf in jax.tree.leaves(params)]

    for clean, dirty in zip(
        train(descriptors, labels, weights), train(spoilt, wrong, weights), strict=True
    ):
        np.testing.assert_array_equal(clean, dirty)
    everything = train(spoilt, wrong, np.ones((1, 90), np.float32))
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(everything, train(descriptors, labels, weights), strict=True)
    )


def test_standardisation_uses_the_statistics_it_was_fitted_on(rng: np.random.Generator) -> None:
    train = rng.normal(5, 3, (200, 4)).astype(np.float32)
    train[:, 2] = 0.1  # constant: only its mean is removed
    standardisation = Standardisation.fit(train)
    mapped = standardisation(train)
    np.testing.assert_allclose(mapped.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(mapped.std(0), [1, 1, 0, 1], atol=1e-5)
    new = standardisation(train[:1] + 3)
    assert np.all(np.isfinite(new))
    assert new[0, 2] == pytest.approx(3, abs=1e-5)


def test_identity_leaves_descriptors_raw(rng: np.random.Generator) -> None:
    raw = rng.random((5, 3), np.float32) * 1e4
    np.testing.assert_array_equal(Standardisation.identity(3)(raw), raw)
