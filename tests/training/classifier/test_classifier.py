"""The final classifier: it learns, and its inputs are standardised as they were in training."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx

from topojax.config import ClassifierConfig
from topojax.models import MLP
from topojax.training import (
    MLPSettings,
    Standardisation,
    classifier_probabilities,
    cross_fit_logits,
    fit_classifier,
)
from topojax.training.classifier.mlps import _initial_mlp


@pytest.fixture
def clusters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return descriptors (90, 6) around three centres, and which centre."""
    labels = np.arange(90) % 3
    centres = rng.standard_normal((3, 6)) * 4
    return (centres[labels] + rng.standard_normal((90, 6))).astype(np.float32), labels


def test_learns_separated_clusters(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    descriptors, labels = clusters
    config = ClassifierConfig(hidden=(16, 8), epochs=40, learning_rate=1e-2)
    classifier = fit_classifier(0, descriptors, labels, 3, config)
    probabilities = classifier_probabilities(classifier, descriptors)
    assert (probabilities.argmax(1) == labels).mean() > 0.95
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("standardise", [True, False])
def test_a_candidate_is_judged_by_the_classifier_that_would_be_trained_on_it(
    clusters: tuple[np.ndarray, np.ndarray], standardise: bool
) -> None:
    descriptors, labels = clusters
    config = ClassifierConfig(hidden=(16, 8), epochs=5, standardise=standardise)
    everything = np.arange(90)
    (logits,) = cross_fit_logits(
        jax.random.key(3),
        descriptors[None],
        labels,
        [(everything, everything)],
        np.ones((1, 90), bool),
        MLPSettings(
            3, config.hidden, config.epochs, config.batch_size, config.learning_rate, standardise
        ),
    )
    classifier = fit_classifier(3, descriptors, labels, 3, config)
    np.testing.assert_allclose(
        classifier_probabilities(classifier, descriptors), jax.nn.softmax(logits[0]), atol=1e-5
    )


@pytest.mark.parametrize("shape", [(24, (128, 64), 2), (151, (16,), 5), (1, (3,), 2), (300, (), 2)])
def test_classifiers_start_as_a_network_of_their_shape(shape: tuple) -> None:
    expected = nnx.state(MLP(*shape, rngs=nnx.Rngs(jax.random.key(5))))
    got = _initial_mlp(jax.random.key(5), *shape)
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for mine, flaxs in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert mine.dtype == flaxs.dtype
        np.testing.assert_array_equal(mine, flaxs)


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
