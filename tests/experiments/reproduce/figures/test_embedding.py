"""t-SNE is repeatable, and the silhouette is of the descriptors, by its definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.experiments.reproduce.figures.embedding import (
    embed,
    perplexity_of,
    roi_vectors,
    whole_vectors,
)
from topojax.runs import load_run


def _clusters(rng: np.random.Generator, apart: float) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([0, 1], 12)
    return rng.standard_normal((24, 6)) + apart * labels[:, None], labels


def _silhouette(vectors: np.ndarray, labels: np.ndarray) -> float:
    """By Rousseeuw's formula."""
    x = (vectors - vectors.mean(0)) / vectors.std(0)
    distances = np.linalg.norm(x[:, None] - x[None], axis=-1)
    values = []
    for i, label in enumerate(labels):
        means = {c: distances[i, labels == c].mean() for c in set(labels) - {label}}
        own = distances[i, labels == label].sum() / ((labels == label).sum() - 1)
        nearest = min(means.values())
        values.append((nearest - own) / max(nearest, own))
    return float(np.mean(values))


def test_silhouette_follows_its_definition(rng: np.random.Generator) -> None:
    vectors, labels = _clusters(rng, 1.0)
    assert embed(vectors, labels).silhouette == pytest.approx(_silhouette(vectors, labels))
    # The scale of a feature is no matter.
    scaled = embed(vectors * [1, 1, 1, 1, 1, 1e6], labels).silhouette
    assert scaled == pytest.approx(_silhouette(vectors, labels))


def test_the_same_vectors_give_the_same_points(rng: np.random.Generator) -> None:
    vectors, labels = _clusters(rng, 1.0)
    first, second = embed(vectors, labels), embed(vectors, labels)
    np.testing.assert_array_equal(first.points, second.points)
    assert first.points.shape == (24, 2)


def test_no_silhouette_of_one_class(rng: np.random.Generator) -> None:
    vectors, labels = _clusters(rng, 1.0)
    assert embed(vectors, np.zeros_like(labels)).silhouette is None
    assert embed(vectors, np.arange(24)).silhouette is None


def test_too_few_or_equal_images_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="4 test images"):
        embed(rng.standard_normal((4, 3)), np.array([0, 0, 1, 1]))
    embed(rng.standard_normal((5, 3)), np.array([0, 0, 1, 1, 1]))
    with pytest.raises(DataError, match="same Betti vector"):
        embed(np.full((9, 3), 0.1, np.float32), np.arange(9) % 2)


def test_equal_images_are_counted_once(rng: np.random.Generator) -> None:
    vectors, labels = _clusters(rng, 1.0)
    vectors[4:9] = vectors[3]
    assert embed(vectors, labels).n_distinct == 19


def test_perplexity_is_thirty_or_what_images_allow() -> None:
    assert perplexity_of(310) == 30
    assert perplexity_of(61) == 20


def test_vectors_of_a_run(solids_run: Path) -> None:
    run = load_run(solids_run)
    n, n_dims, n_thresholds = run.arrays.curves["intensity"].rois.shape
    whole, rois = whole_vectors(run), roi_vectors(run)
    assert whole.shape == (n, n_dims * n_thresholds)
    # V' is the last feature.
    assert rois.shape == (n, n_dims * n_thresholds + 1)
    np.testing.assert_array_equal(rois[:, -1], run.arrays.splits["test"].roi_voxels)
