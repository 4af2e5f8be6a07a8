"""Objectives that train a classifier on every candidate's descriptors.

All classifiers of a search start from the same parameters and see the same batches, so that two
candidates differ in fitness by their descriptors alone.
"""

from __future__ import annotations

import jax
import numpy as np
from scipy.special import log_softmax, softmax

from topojax.evaluation import auc_scores
from topojax.search.data import stratified_folds
from topojax.search.objectives.registry import Candidates, Task
from topojax.training import Folds, MLPSettings, cross_fit_logits


def cv_auc(candidates: Candidates, task: Task) -> np.ndarray:
    """Return 1 - mean AUC on held-out folds of the training split.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    folds = cv_folds(task)
    return 1.0 - _aucs(candidates, task, folds, task.search.classifier_batch_size).mean(axis=0)


def cv_folds(task: Task) -> Folds:
    """Return the folds of `cv-auc`.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    return stratified_folds(task.labels[: task.n_train], task.search.folds, task.seed)


def val_auc(candidates: Candidates, task: Task) -> np.ndarray:
    """Return 1 - AUC on the validation split, trained on the training split (paper, 4.1)."""
    folds = val_folds(task)
    return 1.0 - _aucs(candidates, task, folds, task.search.classifier_batch_size)[0]


def val_folds(task: Task) -> Folds:
    """Return the one fold of `val-auc`."""
    return ((task.train, task.val),)


def val_resubstitution(candidates: Candidates, task: Task) -> np.ndarray:
    """Return 1 - AUC on the very validation samples that the classifier was trained on.

    What the authors' public script does, with one batch of all samples.
    """
    return 1.0 - _aucs(candidates, task, ((task.val, task.val),), len(task.val))[0]


def train_loss(candidates: Candidates, task: Task) -> np.ndarray:
    """Return the mean cross-entropy on the training split that it is trained on (paper, 3)."""
    (logits,) = _logits(
        candidates, task, ((task.train, task.train),), task.search.classifier_batch_size
    )
    labels, kept = task.labels[task.train], candidates.kept[:, task.train]
    log_probabilities = log_softmax(logits.astype(np.float64), axis=2)
    losses = -np.take_along_axis(log_probabilities, labels[None, :, None], axis=2)[:, :, 0]
    left = kept.sum(axis=1)
    means = np.where(kept, losses, 0.0).sum(axis=1) / np.maximum(left, 1)
    return np.where((left > 0) & np.isfinite(means), means, np.nan)


def _aucs(candidates: Candidates, task: Task, folds: Folds, batch_size: int) -> np.ndarray:
    """Return the AUC on each fold's scored samples, float64 (folds, P)."""
    by_fold = _logits(candidates, task, folds, batch_size)
    return np.stack(
        [
            auc_scores(task.labels[scored], softmax(logits, axis=2), candidates.kept[:, scored])
            for logits, (_, scored) in zip(by_fold, folds, strict=True)
        ]
    )


def _logits(
    candidates: Candidates, task: Task, folds: Folds, batch_size: int
) -> tuple[np.ndarray, ...]:
    return cross_fit_logits(
        jax.random.key(task.seed),
        candidates.features,
        task.labels,
        folds,
        candidates.kept,
        mlp_settings(task, batch_size),
    )


def mlp_settings(task: Task, batch_size: int) -> MLPSettings:
    """Return how the classifiers of candidates are trained."""
    return MLPSettings(
        n_classes=task.n_classes,
        hidden=task.classifier.hidden,
        epochs=task.search.classifier_epochs,
        batch_size=batch_size,
        learning_rate=task.search.classifier_learning_rate,
        standardise=task.classifier.standardise,
    )
