"""What each filtration of a bank adds: the validation AUC with all of them, and without it."""

from __future__ import annotations

import numpy as np

from topojax.config import ClassifierConfig, Config
from topojax.data import Split
from topojax.evaluation import compare
from topojax.pipeline import Fit
from topojax.runs import FiltrationEffect
from topojax.training import Choice, classifier_probabilities, fit_classifier
from topojax.training.classifier.choice import Setting


def filtration_effects(
    fit: Fit, train: Split, val: Split, seed: int
) -> tuple[FiltrationEffect, ...]:
    """Return what the ROI's topology loses on validation images without each filtration.

    The classifier is trained anew on the training split each time, by the model and settings of the
    whole bank. The test split is not looked at.

    Args:
        fit: with what it read in the two splits.
        train, val: labels of the two splits.
        seed: of the classifiers, as in the fit.

    Returns:
        One a filtration, in the bank's order; none where there is one alone.
    """
    config = fit.fitted.config
    if len(config.topology.filtrations) == 1:
        return ()
    alike = _alike(config.classifier, fit.fitted.classifiers["topology"].choice)
    whole = fit.val.by_method["topology"]
    found = []
    for name in config.topology.filtrations:
        rows = fit.train.descriptors[0].without(name).matrix()
        classifier = fit_classifier(seed, rows, train.labels, len(fit.fitted.class_names), alike)
        by_reader = [
            classifier_probabilities(classifier, seen.without(name).matrix())
            for seen in fit.val.descriptors
        ]
        found.append(_effect(config, name, val.labels, whole, np.mean(by_reader, axis=0)))
    return tuple(found)


def _effect(
    config: Config, name: str, labels: np.ndarray, whole: np.ndarray, without: np.ndarray
) -> FiltrationEffect:
    found = compare(
        labels,
        whole,
        without,
        rng=np.random.default_rng(config.seed),
        n_bootstrap=config.evaluation.n_bootstrap,
        level=config.evaluation.level,
    )
    return FiltrationEffect(filtration=name, difference=found)


def _alike(config: ClassifierConfig, choice: Choice) -> ClassifierConfig:
    """Return the configuration of the model that was taken; nothing is chosen anew."""
    changes: dict[str, Setting] = {"model": choice.model}
    if choice.model == "logistic":
        changes["logistic_c"] = choice.settings["C"]
    return config.model_copy(update=changes)
