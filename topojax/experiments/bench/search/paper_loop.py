"""The paper's loop over candidates, written plainly on other people's libraries.

One candidate after the other, one image after the other: fuse its maps, threshold them, cut the
image, compute persistence with GUDHI, sample Betti curves; then scikit-learn's MLP, one fold after
the other. It is spared what the authors' script does besides: computing the maps anew for every
candidate, and the whole search anew for every image.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import gudhi
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class PaperLoop:
    """Fitness of one candidate by cross-validation.

    Attributes:
        images: float (n, *spatial).
        maps: float32 (n, L, *spatial) in [0, 1].
        labels: int (n,).
        folds: pairs of index arrays (fitted on, scored on).
        thresholds: float64 (N,).
        epochs, batch_size, learning_rate, hidden: of the classifier.
    """

    images: np.ndarray
    maps: np.ndarray
    labels: np.ndarray
    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    thresholds: np.ndarray
    epochs: int
    batch_size: int
    learning_rate: float
    hidden: tuple[int, ...]

    def fitness(self, weights: np.ndarray, tau: float) -> float:
        """Return 1 - the folds' mean AUC of one candidate."""
        descriptors = self.descriptors(weights, tau)
        return 1 - float(np.mean([self._fold_auc(descriptors, *fold) for fold in self.folds]))

    def descriptors(self, weights: np.ndarray, tau: float) -> np.ndarray:
        """Return φ of all images, float64 (n, d·N + 1)."""
        pairs = zip(self.images, self.maps, strict=True)
        return np.stack([self._descriptor(image, maps, weights, tau) for image, maps in pairs])

    def _descriptor(
        self, image: np.ndarray, maps: np.ndarray, weights: np.ndarray, tau: float
    ) -> np.ndarray:
        mask = region(maps, weights, tau)
        inside = np.where(mask, image, np.inf).astype(np.float64)
        complex_ = gudhi.CubicalComplex(top_dimensional_cells=inside)
        complex_.compute_persistence(homology_coeff_field=2, min_persistence=0)
        curves = []
        for k in range(image.ndim):
            bars = complex_.persistence_intervals_in_dimension(k)
            births, deaths = bars.reshape(-1, 2).T
            alive = (births[:, None] <= self.thresholds) & (self.thresholds < deaths[:, None])
            curves.append(alive.sum(axis=0))
        voxels = np.count_nonzero(mask)
        return np.append(np.concatenate(curves) / voxels, voxels)

    def _fold_auc(self, descriptors: np.ndarray, fitted: np.ndarray, scored: np.ndarray) -> float:
        scaler = StandardScaler().fit(descriptors[fitted])
        classifier = MLPClassifier(
            self.hidden,
            max_iter=self.epochs,
            batch_size=min(self.batch_size, len(fitted)),
            learning_rate_init=self.learning_rate,
            alpha=0,
            random_state=0,
            n_iter_no_change=self.epochs,
        )
        with warnings.catch_warnings():
            # So many epochs are what is asked for.
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(scaler.transform(descriptors[fitted]), self.labels[fitted])
        found = classifier.predict_proba(scaler.transform(descriptors[scored]))
        scores = found[:, 1] if found.shape[1] == 2 else found
        return roc_auc_score(self.labels[scored], scores, multi_class="ovr")


def region(maps: np.ndarray, weights: np.ndarray, tau: float) -> np.ndarray:
    """Return the ROI, bool (*spatial), of one image's maps float32 (L, *spatial)."""
    fused = sum(np.float32(w) * one for w, one in zip(weights, maps, strict=True))
    low, high = fused.min(), fused.max()
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return np.ones(fused.shape, bool)
    scaled = (fused - low) / (high - low)
    return (scaled >= np.float32(tau)) | (fused == high)
