"""`classifier.model=auto`: model and settings chosen by cross-validation inside the training split.

Training rows and their labels are all that is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.model_selection import StratifiedKFold

from topojax.config import ClassifierConfig
from topojax.errors import DataError
from topojax.evaluation import auc_score, log_probabilities, negative_log_likelihood
from topojax.kernels.threads import check_threads, map_in_threads
from topojax.training.classifier.choice import Choice, Setting, Trial
from topojax.training.classifier.scikit_models.estimators import (
    estimator_probabilities,
    fit_estimator,
    given_settings,
)

_Candidate = tuple[str, Mapping[str, Setting]]

# Of standardised features: from next to none of them counting to barely any regularisation.
_LOGISTIC_C = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_LEAVES = (1, 5)
# Means of folds that are equal differ by rounding.
_DIGITS = 9


def candidates(config: ClassifierConfig) -> tuple[_Candidate, ...]:
    """Return the models and settings that are tried, simplest first."""
    trees = given_settings("extra-trees", config)
    return (
        *(("logistic", {"C": c}) for c in _LOGISTIC_C),
        *(("extra-trees", {**trees, "min_samples_leaf": leaf}) for leaf in _LEAVES),
        ("gradient-boosting", given_settings("gradient-boosting", config)),
    )


def check_selection(labels: np.ndarray, config: ClassifierConfig) -> None:
    """Raise DataError where a class has fewer training samples than there are folds."""
    counts = np.bincount(labels)
    scarce = int(counts.argmin())
    if counts[scarce] < config.selection_folds:
        raise DataError(
            f"class {scarce} has {counts[scarce]} training samples, fewer than "
            f"classifier.selection_folds={config.selection_folds}; give more samples, set it to at "
            f"most {counts[scarce]}, or do without classifier.model=auto and without cam.folds, "
            "whose stacks need them"
        )


def choose(
    seed: int, descriptors: np.ndarray, labels: np.ndarray, config: ClassifierConfig
) -> Choice:
    """Return the candidate of the best mean AUC on stratified folds; log loss breaks ties.

    Args:
        seed: of the folds and the models.
        descriptors: finite numbers (n, n_features), of the training split.
        labels: int (n,), theirs, every class present.
        config: folds, trees and rounds.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    check_selection(labels, config)
    splitter = StratifiedKFold(config.selection_folds, shuffle=True, random_state=seed)
    folds = tuple(splitter.split(descriptors, labels))
    tried = candidates(config)

    def score(job: tuple[_Candidate, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
        (model, settings), (fitted, scored) = job
        estimator = fit_estimator(
            model, settings, seed, descriptors[fitted], labels[fitted], n_jobs=1
        )
        probabilities = estimator_probabilities(estimator, descriptors[scored])
        truth = labels[scored]
        loss = negative_log_likelihood(truth, log_probabilities(probabilities))
        return auc_score(truth, probabilities), loss

    jobs = [(candidate, fold) for candidate in tried for fold in folds]
    scores = np.array(map_in_threads(score, jobs, check_threads(None)))
    means = scores.reshape(len(tried), len(folds), 2).mean(axis=1).round(_DIGITS)
    return _best(
        [
            Trial(model, dict(settings), float(auc), float(loss))
            for (model, settings), (auc, loss) in zip(tried, means, strict=True)
        ]
    )


def _best(trials: Sequence[Trial]) -> Choice:
    # The first of equal ones is the simplest.
    best = min(trials, key=lambda trial: (-trial.auc, trial.log_loss))
    return Choice(best.model, best.settings, tuple(trials))
