"""Scores of the method beside everything that it must be measured against, with intervals."""

from __future__ import annotations

import zlib

import numpy as np

from topojax.config import Config
from topojax.errors import DataError
from topojax.evaluation import (
    Scores,
    brier_score,
    compare,
    log_probabilities,
    negative_log_likelihood,
    reliability_curve,
    score,
    temper,
)
from topojax.pipeline import BACKBONE, FEATURES, Reading
from topojax.runs import Calibrated, CalibrationErrors, Compared

METHODS = (BACKBONE, *FEATURES)
"""What a method is compared with, where it was read; its own kind of features is left out."""

LEAST_OF_A_CLASS = 2
"""DeLong's variance is of the samples of each class."""


def check_scorable(labels: np.ndarray, class_names: tuple[str, ...], *, name: str) -> None:
    """Raise what would stop scores and comparisons, before any image is read.

    Raises:
        DataError: a class has fewer than two samples, which leaves no variance to estimate.
    """
    counts = np.bincount(labels, minlength=len(class_names))
    if counts.min() < LEAST_OF_A_CLASS:
        rare = int(counts.argmin())
        raise DataError(
            f"{name} has {counts[rare]} samples of class {rare} ({class_names[rare]}); intervals "
            f"and differences need at least {LEAST_OF_A_CLASS} of every class"
        )


def split_scores(
    config: Config, split: str, labels: np.ndarray, probabilities: np.ndarray
) -> Scores:
    """Return scores with stratified bootstrap intervals.

    All methods see the same resamples of a split.
    """
    return score(
        labels,
        probabilities,
        rng=_resamples(config, split),
        n_bootstrap=config.evaluation.n_bootstrap,
        level=config.evaluation.level,
    )


def comparisons(
    config: Config, split: str, labels: np.ndarray, reading: Reading
) -> dict[str, Compared]:
    """Return, of every other method, its scores and what the method's exceed them by, paired.

    The differences' intervals are DeLong's for the AUC of two classes, else the paired bootstrap's.
    """
    return {
        name: Compared(
            scores=split_scores(config, split, labels, reading.by_method[name]),
            difference=compare(
                labels,
                reading.probabilities,
                reading.by_method[name],
                rng=_resamples(config, split),
                n_bootstrap=config.evaluation.n_bootstrap,
                level=config.evaluation.level,
            ),
        )
        for name in METHODS
        if name in reading.by_method and name != config.classifier.features
    }


def calibrated(
    config: Config, temperature: float, labels: np.ndarray, reading: Reading
) -> Calibrated:
    """Return how far confidences are from accuracies, before and after the temperature.

    Args:
        config: what the method is trained on, and how many bins its confidences are sorted into.
        temperature: learnt on the validation split.
        labels: of the images read.
        reading: what was read.
    """
    raw, n_bins = reading.by_method[config.classifier.features], config.evaluation.calibration_bins
    scaled = temper(log_probabilities(raw), temperature)
    return Calibrated(
        before=_calibration_errors(labels, raw, n_bins),
        after=_calibration_errors(labels, scaled, n_bins),
    )


def _calibration_errors(
    labels: np.ndarray, probabilities: np.ndarray, n_bins: int
) -> CalibrationErrors:
    curve = reliability_curve(labels, probabilities, n_bins=n_bins)
    return CalibrationErrors(
        expected_error=curve.expected_error,
        maximum_error=curve.maximum_error,
        brier=brier_score(labels, probabilities),
        log_loss=negative_log_likelihood(labels, log_probabilities(probabilities)),
    )


def _resamples(config: Config, split: str) -> np.random.Generator:
    return np.random.default_rng((config.seed, zlib.crc32(split.encode())))
