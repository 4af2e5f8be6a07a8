"""t-SNE of what the method reads in test images, and how far classes lie apart there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.errors import DataError
from topojax.runs import Run

TSNE_SEED = 0
_LARGEST_PERPLEXITY = 30.0
_FEWEST_IMAGES = 5


@dataclass(frozen=True)
class Embedding:
    """Descriptors of n images, and the same in the plane.

    Attributes:
        points: float32 (n, 2), by t-SNE of the standardised descriptors.
        silhouette: mean over images, of the classes in the standardised descriptors, not in the
            plane; -1 … 1, at 0 classes lie in each other; None where only one class is there, or
            no two images are of one class.
        n_distinct: how many of the descriptors differ; equal ones lie on one point.
    """

    points: np.ndarray
    silhouette: float | None
    n_distinct: int


def whole_vectors(run: Run) -> np.ndarray:
    """Return Betti curves of whole test images as vectors, float32 (n, d·N), a bank's in a row."""
    n = len(run.labels["test"])
    return np.concatenate([curves.whole.reshape(n, -1) for curves in run.arrays.curves.values()], 1)


def roi_vectors(run: Run) -> np.ndarray:
    """Return φ of the test images' ROIs, float32 (n, n_features), V' among them."""
    return run.arrays.splits["test"].descriptors


def perplexity_of(n: int) -> float:
    """Return the perplexity of t-SNE of n images: 30, or a third of the others where few are."""
    return min(_LARGEST_PERPLEXITY, (n - 1) / 3)


def embed(vectors: np.ndarray, labels: np.ndarray) -> Embedding:
    """Place images in the plane; the same vectors give the same places on one machine.

    Args:
        vectors: finite (n, n_features).
        labels: integers (n,).

    Raises:
        DataError: fewer than five images, or all vectors are equal.
    """
    from sklearn.manifold import TSNE
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    n = len(labels)
    if n < _FEWEST_IMAGES:
        raise DataError(f"{n} test images; t-SNE needs {_FEWEST_IMAGES} at least; give more")
    standardised = StandardScaler().fit_transform(vectors.astype(np.float64))
    if not standardised.any():
        raise DataError("all test images have the same Betti vector; t-SNE has nothing to place")
    tsne = TSNE(perplexity=perplexity_of(n), init="pca", random_state=TSNE_SEED)
    # Threads of so small a problem wait for each other, long where cores are shared.
    with threadpool_limits(1):
        points = tsne.fit_transform(standardised)
    n_distinct = len(np.unique(vectors, axis=0))
    return Embedding(points, _silhouette(standardised, labels), n_distinct)


def _silhouette(vectors: np.ndarray, labels: np.ndarray) -> float | None:
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(labels):
        return None
    return float(silhouette_score(vectors, labels))
