"""AUCs of the classifiers of a whole population, inside `jit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from topojax.training.classifier.cross_fit import Folds, candidates_at_once
from topojax.training.classifier.mlps import (
    MLPSettings,
    TrainingStart,
    mlp_logits,
    padded_rows,
    train_from,
    training_start,
)
from topojax.training.classifier.standardisation import Standardisation


class FoldRows(NamedTuple):
    """Rows of K folds, filled up to one length.

    Attributes:
        rows: int32 (K, m).
        present: bool (K, m), False where a row only fills up.
    """

    rows: Int[Array, "k m"]
    present: Bool[Array, "k m"]

    @classmethod
    def of(cls, rows: Sequence[np.ndarray]) -> FoldRows:
        """Return index arrays as one."""
        return cls(*map(jnp.asarray, padded_rows(rows)))


class Judged(NamedTuple):
    """What judges descriptors: labels, folds, and how every classifier starts."""

    labels: Int[Array, " n"]
    trained: FoldRows
    scored: FoldRows
    start: TrainingStart

    @classmethod
    def of(
        cls, key: Array, labels: np.ndarray, folds: Folds, n_features: int, settings: MLPSettings
    ) -> Judged:
        """Return what `fold_aucs` needs; not inside `jit`.

        Args:
            key: of initial parameters and shuffles.
            labels: int (n,).
            folds: K pairs of index arrays (trained on, scored).
            n_features: length of a descriptor.
            settings: of every classifier.
        """
        trained = FoldRows.of([rows for rows, _ in folds])
        start = training_start(key, n_features, trained.rows.shape[1], settings)
        return cls(
            jnp.asarray(labels, jnp.int32), trained, FoldRows.of([rows for _, rows in folds]), start
        )


def fold_aucs(
    judged: Judged, descriptors: Float[Array, "P n f"], settings: MLPSettings
) -> Float[Array, "P K"]:
    """Return the AUC of every candidate's classifier on each fold's scored samples.

    As many candidates are trained side by side as `cross_fit_logits` would train.
    """
    n_folds = len(judged.trained.rows)

    def of_candidate(features: Float[Array, "n f"]) -> Float[Array, " K"]:
        standardisation = _standardisation(features, judged.trained, settings)
        params = train_from(
            judged.start,
            features[None],
            judged.labels,
            judged.trained.rows,
            judged.trained.present[None].astype(jnp.float32),
            standardisation,
            settings=settings,
        )
        logits = mlp_logits(
            params,
            features[None],
            judged.scored.rows,
            standardisation,
            hidden=settings.hidden,
            n_classes=settings.n_classes,
        )[0]
        scores = jax.nn.softmax(logits)
        labels = judged.labels[judged.scored.rows]
        return jax.vmap(_auc)(labels, scores, judged.scored.present)

    size = candidates_at_once(len(descriptors), n_folds)
    return jax.lax.map(of_candidate, descriptors, batch_size=size)


def _standardisation(
    features: Float[Array, "n f"], trained: FoldRows, settings: MLPSettings
) -> Standardisation:
    """Return that of each fold's rows, of leading axes (1, K)."""
    if not settings.standardise:
        raw = Standardisation.identity(features.shape[1])
        return Standardisation.stack([raw] * len(trained.rows), (1, len(trained.rows)))

    def of_fold(rows: Int[Array, " m"], present: Bool[Array, " m"]) -> tuple[Array, Array]:
        own, counted = features[rows], present[:, None]
        mean = own.mean(axis=0, where=counted)
        scale = jnp.sqrt(((own - mean) ** 2).mean(axis=0, where=counted))
        largest = jnp.abs(own).max(axis=0, where=counted, initial=0.0)
        return mean, jnp.where(scale <= 1e-6 * largest, 1.0, scale)

    means, scales = jax.vmap(of_fold)(*trained)
    return Standardisation(means[None], scales[None])


def _auc(
    labels: Int[Array, " s"], scores: Float[Array, "s C"], counted: Bool[Array, " s"]
) -> Float[Array, ""]:
    """Return `auc_score` of the samples that count: one class against the rest, their mean."""
    n_classes = scores.shape[1]
    classes = [1] if n_classes == 2 else range(n_classes)
    return jnp.stack([_rank_auc(labels == c, scores[:, c], counted) for c in classes]).mean()


def _rank_auc(
    positive: Bool[Array, " s"], scores: Float[Array, " s"], counted: Bool[Array, " s"]
) -> Float[Array, ""]:
    """Return the Mann-Whitney AUC, ties one half; NaN where it is undefined."""
    of_positives, of_negatives = counted & positive, counted & ~positive
    negatives = jnp.sort(jnp.where(of_negatives, scores, jnp.inf))
    below = jnp.searchsorted(negatives, scores, side="left")
    through = jnp.searchsorted(negatives, scores, side="right")
    # Shares before sums: counts of pairs would not fit float32.
    won = (below + through) / (2 * of_negatives.sum())
    auc = won.mean(where=of_positives)
    return jnp.where((jnp.isfinite(scores) | ~counted).all(), auc, jnp.nan)
