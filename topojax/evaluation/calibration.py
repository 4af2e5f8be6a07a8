"""How far confidences are from accuracies (Guo, Pleiss, Sun and Weinberger 2017).

The confidence of an image is the probability of its decided class. Calibrated predictions of
confidence 0.8 are right 8 times in 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.config import EvaluationConfig
from topojax.errors import ConfigError
from topojax.evaluation.scores import checked_predictions, decide

N_BINS = EvaluationConfig().calibration_bins
"""The default of `evaluation.calibration_bins`."""


@dataclass(frozen=True)
class ReliabilityCurve:
    """Mean confidence and accuracy by bin of confidence, for the bins that hold an image.

    Attributes:
        low: float64 (b,), the bins' ends; a bin holds confidences above `low` …
        high: float64 (b,) … and up to `high`.
        confidence: float64 (b,), mean of the images' confidences.
        accuracy: float64 (b,), share of images decided correctly.
        count: int64 (b,), images, at least 1.
    """

    low: np.ndarray
    high: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """Accuracy minus confidence, float64 (b,): negative where predictions are too sure."""
        return self.accuracy - self.confidence

    @property
    def expected_error(self) -> float:
        """Mean over the images of their bin's |gap| (Guo et al. 2017, equation 3)."""
        return float(np.average(np.abs(self.gap), weights=self.count))

    @property
    def maximum_error(self) -> float:
        """The largest |gap| of a bin (Guo et al. 2017, equation 5)."""
        return float(np.abs(self.gap).max())


def reliability_curve(
    labels: np.ndarray, probabilities: np.ndarray, *, n_bins: int = N_BINS
) -> ReliabilityCurve:
    """Return confidence and accuracy in bins of equal width, (m - 1) / n_bins to m / n_bins.

    Args:
        labels: integers (n,) in 0 … K-1; a class may be absent.
        probabilities: (n, K), rows that sum to 1 within 1e-3.
        n_bins: number of bins, the empty ones included.

    Raises:
        DataError: other shapes, NaN, rows that are no probabilities, or labels out of range.
        ConfigError: `n_bins` below 1.
    """
    _check_n_bins(n_bins)
    confidence, correct = _outcomes(labels, probabilities)
    return _curve(confidence, correct, np.linspace(0, 1, n_bins + 1))


def equal_mass_reliability_curve(
    labels: np.ndarray, probabilities: np.ndarray, *, n_bins: int = N_BINS
) -> ReliabilityCurve:
    """Return confidence and accuracy in bins of equally many images (Nguyen and O'Connor 2015).

    Images of equal confidence share a bin, so that their order does not matter; ties make bins
    fewer and uneven. Arguments and errors are those of `reliability_curve`.
    """
    _check_n_bins(n_bins)
    confidence, correct = _outcomes(labels, probabilities)
    up_to = -(-len(confidence) * np.arange(1, n_bins + 1) // n_bins)
    ends = np.sort(confidence)[up_to - 1]
    return _curve(confidence, correct, np.unique(np.r_[0, ends]))


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, *, n_bins: int = N_BINS
) -> float:
    """Return Σ_m n_m / n |accuracy_m - confidence_m| over bins of equal width.

    It is biased upwards for few images: even calibrated ones have gaps by chance. Arguments and
    errors are those of `reliability_curve`.
    """
    return reliability_curve(labels, probabilities, n_bins=n_bins).expected_error


def equal_mass_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, *, n_bins: int = N_BINS
) -> float:
    """Return the expected calibration error over bins of equally many images.

    Arguments and errors are those of `reliability_curve`.
    """
    return equal_mass_reliability_curve(labels, probabilities, n_bins=n_bins).expected_error


def maximum_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, *, n_bins: int = N_BINS
) -> float:
    """Return max_m |accuracy_m - confidence_m| over the bins of equal width that hold an image.

    One image alone in its bin can decide it. Arguments and errors are those of
    `reliability_curve`.
    """
    return reliability_curve(labels, probabilities, n_bins=n_bins).maximum_error


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean squared error of the probabilities (Brier 1950); lower is better.

    Two classes: of column 1, from 0 to 1. More: summed over the classes, from 0 to 2. This is how
    either is usually reported, and what scikit-learn gives.

    Raises:
        DataError: other shapes, NaN, rows that are no probabilities, or labels out of range.
    """
    labels, values = checked_predictions(labels, probabilities)
    errors = (values - np.eye(values.shape[1])[labels]) ** 2
    return float(errors[:, 1].mean() if values.shape[1] == 2 else errors.sum(axis=1).mean())


def _outcomes(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, values = checked_predictions(labels, probabilities)
    decided = decide(values)
    return values[np.arange(len(values)), decided], decided == labels


def _curve(confidence: np.ndarray, correct: np.ndarray, edges: np.ndarray) -> ReliabilityCurve:
    # Rows may exceed 1 by rounding: what lies above the last end belongs to the last bin.
    bins = np.clip(np.searchsorted(edges, confidence, "left") - 1, 0, len(edges) - 2)
    counts = np.bincount(bins, minlength=len(edges) - 1)
    held = np.flatnonzero(counts)
    sums = (np.bincount(bins, weights)[held] for weights in (confidence, correct))
    mean_confidence, accuracy = (total / counts[held] for total in sums)
    return ReliabilityCurve(edges[held], edges[held + 1], mean_confidence, accuracy, counts[held])


def _check_n_bins(n_bins: int) -> None:
    if n_bins < 1:
        raise ConfigError(f"n_bins={n_bins} must be at least 1; {N_BINS} is usual")
