"""What a run found out, as the record of its `metrics.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

import numpy as np

from topojax.config import Config
from topojax.data import SPLITS, Dataset, Split, SplitName
from topojax.defects import scored_rows, why_meaningless
from topojax.errors import DataError
from topojax.evaluation import Scores, auc_score
from topojax.experiments.caveats import calibration_warnings, warnings
from topojax.experiments.comparison import (
    LEAST_OF_A_CLASS,
    calibrated,
    comparisons,
    split_scores,
)
from topojax.experiments.filtration_effects import filtration_effects
from topojax.pipeline import Fit, FittedTopoCAM, Reading, Seeds
from topojax.runs import (
    BackboneTraining,
    Calibration,
    Classifier,
    ClassifierTrial,
    Coverage,
    Epoch,
    Fusion,
    Generation,
    Metrics,
)
from topojax.search import GenerationRecord, find_objective, objective_score
from topojax.training import FittedBackbone, FittedClassifier

_Scored = tuple[np.ndarray, Reading]


def run_metrics(fit: Fit, dataset: Dataset, readings: Mapping[SplitName, Reading]) -> Metrics:
    """Score what the fitted method reads in the three splits.

    Args:
        fit: the method and how it came about; its seconds are the timing.
        dataset: the labels to score against.
        readings: of each split.

    Raises:
        DataError: dropped images leave a split without a class.
    """
    config = fit.fitted.config
    scored = {name: _scored(config, dataset.split(name), readings[name]) for name in SPLITS}

    def scores(probabilities: Callable[[Reading], np.ndarray]) -> dict[SplitName, Scores]:
        return {
            name: split_scores(config, name, labels, probabilities(reading))
            for name, (labels, reading) in scored.items()
        }

    calibration = _calibration(fit.fitted, scored["val"], scored["test"])
    return Metrics(
        topocam=scores(lambda reading: reading.probabilities),
        backbone=scores(lambda reading: reading.backbone_probabilities),
        comparisons=comparisons(config, "test", *scored["test"]),
        calibration=calibration,
        fusion=_fusion(fit, dataset.val.labels),
        roi={name: _coverage(fit.fitted, readings[name]) for name in SPLITS},
        backbone_training=_training(fit.fitted.networks[0].backbone),
        other_training=tuple(_training(other.backbone) for other in fit.fitted.networks[1:]),
        filtrations=filtration_effects(
            fit, dataset.train, dataset.val, Seeds.of(config.seed).classifier
        ),
        classifiers={name: _classifier(one) for name, one in fit.fitted.classifiers.items()},
        timing=fit.seconds,
        warnings=(
            *warnings(fit.fitted, readings),
            *calibration_warnings(calibration, len(readings["val"].probabilities)),
        ),
        meaningless=why_meaningless(config, readings.values()),
    )


def _scored(config: Config, split: Split, reading: Reading) -> _Scored:
    """Return the labels and readings that scores are of: all, unless empty ROIs are dropped.

    Raises:
        DataError: what is left lacks a class.
    """
    rows = scored_rows(config, reading.empty)
    left = np.bincount(split.labels[rows], minlength=reading.probabilities.shape[1])
    if left.min() < LEAST_OF_A_CLASS:
        raise DataError(
            f"topology.empty_roi='drop' leaves {left.min()} images of class {left.argmin()} in a "
            f"split ({int((~rows).sum())} of {len(rows)} ROIs are empty), too few to score; keep "
            "them with topology.empty_roi='keep' or lower search.tau"
        )
    return split.labels[rows], reading.rows(rows)


def _calibration(fitted: FittedTopoCAM, val: _Scored, test: _Scored) -> Calibration:
    config, temperature = fitted.config, fitted.temperature
    return Calibration(
        temperature=temperature,
        used=config.classifier.calibrate,
        val=calibrated(config, temperature, *val),
        test=calibrated(config, temperature, *test),
    )


def _fusion(fit: Fit, val_labels: np.ndarray) -> Fusion:
    config, rule, evolution = fit.fitted.config, fit.fitted.rule, fit.search.evolution
    objective = config.search.objective
    return Fusion(
        weights=rule.by_layer(config.cam.layers),
        tau=rule.tau,
        method=config.search.method,
        objective=objective,
        searches=fit.n_searches,
        fitness=fit.search_score,
        history=tuple(_generation(objective, one) for one in evolution.history)
        if evolution
        else (),
        note=find_objective(objective).note,
        has_unseen_maps=config.cam.folds > 1,
        val_auc=auc_score(val_labels, fit.val.by_method["topology"]),
    )


def _generation(objective: str, record: GenerationRecord) -> Generation:
    return Generation(
        generation=record.generation,
        best=objective_score(objective, record.best),
        mean=objective_score(objective, record.mean),
    )


def _coverage(fitted: FittedTopoCAM, reading: Reading) -> Coverage:
    coverage = reading.voxels() / np.prod(fitted.spatial_shape)
    return Coverage(
        n=len(coverage),
        empty=int(reading.empty.sum()),
        dropped=int((~scored_rows(fitted.config, reading.empty)).sum()),
        coverage_mean=float(coverage.mean()),
        coverage_median=float(np.median(coverage)),
    )


def _classifier(classifier: FittedClassifier) -> Classifier:
    choice = classifier.choice
    return Classifier(
        model=choice.model,
        settings=choice.settings,
        cv_auc=choice.cv_auc,
        trials=tuple(ClassifierTrial(**asdict(trial)) for trial in choice.trials),
    )


def _training(backbone: FittedBackbone) -> BackboneTraining:
    return BackboneTraining(
        best_epoch=backbone.best_epoch,
        history=tuple(Epoch(**asdict(record)) for record in backbone.history),
    )
