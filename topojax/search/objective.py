"""Fitness of candidate ROI rules: how well descriptors on their ROIs classify.

Only the training split (`cv-auc`) or the training and validation splits (`val-auc`, the paper's)
ever come here; nothing of the test split can.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.model_selection import StratifiedKFold

from topojax.config import ClassifierConfig, SearchConfig, TopologyConfig
from topojax.errors import DataError
from topojax.evaluation import auc_score
from topojax.search.genome import Genome, decode_genomes
from topojax.topology import describe
from topojax.training import Standardisation, predict_mlps, train_mlps


@dataclass(frozen=True)
class RoiObjective:
    """Maps genes to 1 - AUC of classifiers on the descriptors that they give.

    Attributes:
        images: grey, float32 (n, *spatial), of all samples that the search may see.
        maps: scaled CAMs of the same samples, float32 (n, L, *spatial).
        labels: int (n,).
        splits: pairs of index arrays (fitted on, scored on); the fitness is their mean.
        grid: shared thresholds, or None: one grid a sample.
    """

    images: np.ndarray
    maps: Float[Array, "n l *spatial"]
    labels: np.ndarray
    splits: tuple[tuple[np.ndarray, np.ndarray], ...]
    grid: np.ndarray | None
    search: SearchConfig
    topology: TopologyConfig
    classifier: ClassifierConfig
    seed: int

    def __call__(self, genes: np.ndarray) -> np.ndarray:
        """Return the fitness, float64 (P,), of genes (P, G); lower is better."""
        genomes = decode_genomes(genes, self.maps.shape[1], self.search)
        descriptors = np.stack([self._descriptors(genome) for genome in genomes])
        return np.array([self._loss(by_split) for by_split in self._probabilities(descriptors)])

    def _descriptors(self, genome: Genome) -> np.ndarray:
        masks, _ = genome.regions(self.maps)
        matrix = describe(self.images, masks, self.grid, self.topology).matrix()
        if not self.classifier.standardise:
            return matrix
        fitted = np.unique(np.concatenate([fitted for fitted, _ in self.splits]))
        return Standardisation.fit(matrix[fitted])(matrix)

    def _probabilities(self, descriptors: np.ndarray) -> np.ndarray:
        # (P, splits, n, classes)
        n_classes = int(self.labels.max()) + 1
        weights = np.zeros((len(self.splits), len(self.labels)), np.float32)
        for row, (fitted, _) in zip(weights, self.splits, strict=True):
            row[fitted] = 1.0
        features = jnp.asarray(descriptors)
        params = train_mlps(
            jax.random.key(self.seed),
            features,
            jnp.asarray(self.labels),
            jnp.asarray(weights),
            n_classes=n_classes,
            hidden=self.classifier.hidden,
            epochs=self.search.classifier_epochs,
            batch_size=self.search.classifier_batch_size,
            learning_rate=self.classifier.learning_rate,
        )
        probabilities = predict_mlps(
            params, features, hidden=self.classifier.hidden, n_classes=n_classes
        )
        return np.asarray(probabilities)

    def _loss(self, by_split: np.ndarray) -> float:
        if not np.isfinite(by_split).all():
            return float("nan")  # its classifier diverged: the worst there is
        aucs = [
            auc_score(self.labels[scored], probabilities[scored])
            for probabilities, (_, scored) in zip(by_split, self.splits, strict=True)
        ]
        return 1.0 - float(np.mean(aucs))


def stratified_folds(
    labels: np.ndarray, n_folds: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return stratified folds as (fitted on, scored on) index pairs.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    counts = np.bincount(labels)
    scarce = int(counts.argmin())
    if counts[scarce] < n_folds:
        raise DataError(
            f"class {scarce} has {counts[scarce]} training samples, fewer than search.folds="
            f"{n_folds}; give more samples or set search.folds to at most {counts[scarce]}"
        )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return tuple(folds.split(np.zeros(len(labels)), labels))
