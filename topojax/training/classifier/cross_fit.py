"""Classifiers of a whole population of candidates, scored on rows of their own choice.

On an accelerator all classifiers are one `vmap`. XLA runs such a loop on one core of a CPU, and
the parameters and moments of 180 classifiers (60 MB) in and out of memory at every update. So on a
CPU a few candidates at a time, whose classifiers fit in the cache, are trained on every core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from topojax.kernels.threads import check_threads, map_in_threads
from topojax.training.classifier.mlps import MLPSettings, mlp_logits, padded_rows, train_mlps
from topojax.training.classifier.standardisation import Standardisation

# 330 kB of parameters and moments each, for 151 features.
_CLASSIFIERS_IN_CACHE = 6

Folds = Sequence[tuple[np.ndarray, np.ndarray]]
"""Pairs of index arrays: samples that are trained on, samples that are scored."""


def cross_fit_logits(
    key: Array,
    descriptors: np.ndarray,
    labels: np.ndarray,
    folds: Folds,
    kept: np.ndarray,
    settings: MLPSettings,
    *,
    n_threads: int | None = None,
) -> tuple[np.ndarray, ...]:
    """Train a classifier for every candidate and fold; return its logits on the scored samples.

    A candidate's classifier depends on nothing but its own descriptors of the samples that it is
    trained on, and their labels. It is the same however many candidates there are.

    Args:
        key: of the initial parameters and the shuffles, which all candidates share.
        descriptors: raw, float32 (P, n, n_features).
        labels: int (n,) in 0 … n_classes - 1.
        folds: K pairs of index arrays (trained on, scored).
        kept: bool (P, n); False leaves a sample out of a candidate's training.
        settings: of every classifier.
        n_threads: None: the processors that this process may use. The result is the same for any.

    Returns:
        Logits, float32 (P, number of scored samples, n_classes), one array a fold. NaN where a
        candidate keeps no sample to train on.
    """
    jobs = _Jobs(key, labels, *padded_rows([fitted for fitted, _ in folds]), settings)
    scored, _ = padded_rows([index for _, index in folds])
    size = candidates_at_once(len(descriptors), len(folds))

    def run(start: int) -> np.ndarray:
        # Every chunk is filled up: one compiled program gives one result, bit for bit.
        members = np.minimum(np.arange(start, start + size), len(descriptors) - 1)
        return jobs.logits(descriptors[members], kept[members], scored)

    starts = range(0, len(descriptors), size)
    found = map_in_threads(run, starts, check_threads(n_threads))
    logits = np.concatenate(found)[: len(descriptors)]
    return tuple(logits[:, i, : len(index)] for i, (_, index) in enumerate(folds))


def classifiers_at_once(n_candidates: int, n_folds: int, n_threads: int | None = None) -> int:
    """Return how many classifiers `cross_fit_logits` trains side by side."""
    candidates = candidates_at_once(n_candidates, n_folds) * check_threads(n_threads)
    return min(candidates, n_candidates) * n_folds


@dataclass(frozen=True)
class _Jobs:
    """What the classifiers of all candidates have in common."""

    key: Array
    labels: np.ndarray
    rows: np.ndarray  # int32 (k, m)
    present: np.ndarray  # bool (k, m)
    settings: MLPSettings

    def logits(self, descriptors: np.ndarray, kept: np.ndarray, scored: np.ndarray) -> np.ndarray:
        """Return float32 (p, k, s, classes) for some candidates."""
        used = self.present & kept[:, self.rows]
        standardisation = self._standardisation(descriptors, used)
        features = jnp.asarray(descriptors)
        params = train_mlps(
            self.key,
            features,
            jnp.asarray(self.labels),
            jnp.asarray(self.rows),
            jnp.asarray(used, jnp.float32),
            standardisation,
            settings=self.settings,
        )
        logits = mlp_logits(
            params,
            features,
            jnp.asarray(scored),
            standardisation,
            hidden=self.settings.hidden,
            n_classes=self.settings.n_classes,
        )
        untrained = ~used.any(axis=2)
        return np.where(untrained[:, :, None, None], np.float32(np.nan), np.asarray(logits))

    def _standardisation(self, descriptors: np.ndarray, used: np.ndarray) -> Standardisation:
        raw = Standardisation.identity(descriptors.shape[-1])
        maps = [
            Standardisation.fit(matrix[rows[mask]])
            if self.settings.standardise and mask.any()
            else raw
            for matrix, masks in zip(descriptors, used, strict=True)
            for rows, mask in zip(self.rows, masks, strict=True)
        ]
        return Standardisation.stack(maps, used.shape[:2])


def candidates_at_once(n_candidates: int, n_folds: int) -> int:
    """Return how many candidates' classifiers are one compiled program."""
    if jax.default_backend() != "cpu":
        return n_candidates
    return max(1, _CLASSIFIERS_IN_CACHE // n_folds)
