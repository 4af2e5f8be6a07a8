"""Scores of class probabilities, for many weightings of the images at once.

A bootstrap resample is a vector of multiplicities, so every score here takes weights (B, n) and
returns B values; weights of one give the score itself. AUC and accuracy are defined as in
MedMNIST's evaluator (Yang et al. 2023), so that numbers can be compared with published ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.errors import DataError
from topojax.masked import refuse_masked

METRICS = ("auc", "accuracy", "sensitivity", "specificity", "f1")
PER_CLASS_METRICS = ("auc", "sensitivity", "specificity", "f1")
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class MetricValues:
    """Scores under B weightings.

    Attributes:
        overall: metric to float64 (B,).
        per_class: metric to float64 (B, K), one class against the rest; empty for K = 2.
    """

    overall: dict[str, np.ndarray]
    per_class: dict[str, np.ndarray]


def auc_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the area under the ROC curve as MedMNIST defines it.

    Two classes: of column 1. More: the mean over the classes of one against the rest.

    Args:
        labels: integers (n,) in 0 … K-1, every class present.
        probabilities: (n, K), rows that sum to 1.

    Raises:
        DataError: bad input, or a class is absent and the AUC undefined.
    """
    labels, probabilities = checked(labels, probabilities)
    weights = np.ones((1, len(labels)))
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return float(
        np.mean([weighted_auc(labels == c, probabilities[:, c], weights) for c in classes])
    )


def decide(probabilities: np.ndarray) -> np.ndarray:
    """Return the decided classes, int64 (n,), of probabilities (n, K).

    Two classes: 1 where its probability is above 0.5. More: the most probable class, the first
    of equal ones.

    Raises:
        DataError: masked values.
    """
    refuse_masked(probabilities, "probabilities")
    if probabilities.shape[1] == 2:
        return (probabilities[:, 1] > 0.5).astype(np.int64)
    return probabilities.argmax(axis=1)


def confusion_matrix(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the counts (K, K), int64, of true class (row) and decided class (column).

    Raises:
        DataError: bad input.
    """
    labels, probabilities = checked(labels, probabilities)
    counts = weighted_confusion(labels, probabilities, np.ones((1, len(labels))))
    return counts[0].astype(np.int64)


def metric_values(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> MetricValues:
    """Return every score under every weighting.

    Two classes: sensitivity, specificity and F1 of class 1. More: the mean over the classes of
    one against the rest (macro). No denominator can be zero, since every class is present: a
    class that is never decided has sensitivity 0 and F1 = 2 TP / (2 TP + FP + FN) = 0.

    Args:
        labels: int64 (n,), as `checked` returns them.
        probabilities: float64 (n, K), as `checked` returns them.
        weights: float64 (B, n), not negative, of positive sum in every class.
    """
    confusion = weighted_confusion(labels, probabilities, weights)
    total = confusion.sum(axis=(1, 2))
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    actual, decided = confusion.sum(axis=2), confusion.sum(axis=1)
    rest = total[:, None] - actual
    aucs = [weighted_auc(labels == c, p, weights) for c, p in enumerate(probabilities.T)]
    per_class = {
        "auc": np.stack(aucs, axis=1),
        "sensitivity": hits / actual,
        "specificity": (rest - (decided - hits)) / rest,
        "f1": 2 * hits / (actual + decided),
    }
    accuracy = hits.sum(axis=1) / total
    if probabilities.shape[1] == 2:
        overall = {name: values[:, 1] for name, values in per_class.items()}
        return MetricValues(overall | {"accuracy": accuracy}, {})
    overall = {name: values.mean(axis=1) for name, values in per_class.items()}
    return MetricValues(overall | {"accuracy": accuracy}, per_class)


def weighted_auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the Mann-Whitney AUC, float64 (B,), of weighted scores; ties count one half.

    One sort serves all weightings.

    Args:
        positive: bool (n,).
        scores: float (n,), higher for positives.
        weights: float64 (B, n), of positive sum among positives and among negatives.
    """
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sorted_weights = weights[:, order]
    of_positives = np.add.reduceat(sorted_weights * positive[order], starts, axis=1)
    of_negatives = np.add.reduceat(sorted_weights * ~positive[order], starts, axis=1)
    up_to = np.cumsum(of_negatives, axis=1)
    won = np.einsum("bg,bg->b", of_positives, up_to - of_negatives / 2)
    return won / (of_positives.sum(axis=1) * up_to[:, -1])


def weighted_confusion(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return weighted counts, float64 (B, K, K), of true class (row) and decided class (column)."""
    n_classes = probabilities.shape[1]
    cells = np.eye(n_classes**2)[labels * n_classes + decide(probabilities)]
    return (weights @ cells).reshape(-1, n_classes, n_classes)


def checked(
    labels: np.ndarray, probabilities: np.ndarray, name: str = "probabilities"
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as int64 (n,) and probabilities as float64 (n, K).

    `name` is what errors call the probabilities.

    Raises:
        DataError: other shapes, NaN, rows that do not sum to 1 within 1e-3, labels out of range,
            or a class without an image.
    """
    labels, values = checked_predictions(labels, probabilities, name)
    absent = np.flatnonzero(np.bincount(labels, minlength=values.shape[1]) == 0)
    if len(absent):
        raise DataError(
            f"labels hold no image of class {absent[0]}: AUC and sensitivity are undefined; score "
            "images of all classes"
        )
    return labels, values


def checked_predictions(
    labels: np.ndarray, probabilities: np.ndarray, name: str = "probabilities"
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as int64 (n,) and probabilities as float64 (n, K); a class may be absent.

    Raises:
        DataError: other shapes, NaN, rows that do not sum to 1 within 1e-3, labels out of range.
    """
    labels, values = checked_rows(labels, probabilities, name)
    off = (np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE) | (values < 0).any(axis=1)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise DataError(
            f"{name}[{row}] is {values[row].tolist()}; expected values from 0 that sum to 1, so "
            "apply a softmax to logits first"
        )
    return labels, values


def checked_rows(labels: np.ndarray, rows: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as int64 (n,) and one row of K finite numbers a label as float64 (n, K).

    `name` is what errors call the rows.

    Raises:
        DataError: other shapes, NaN, or labels out of range.
    """
    refuse_masked(labels, "labels")
    refuse_masked(rows, name)
    labels, rows = np.asarray(labels), np.asarray(rows)
    _check_shapes(labels, rows, name)
    values = rows.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataError(f"{name}[{row}] is {values[row].tolist()}; expected finite numbers")
    n_classes = values.shape[1]
    if labels.min() < 0 or labels.max() >= n_classes:
        raise DataError(
            f"labels run from {labels.min()} to {labels.max()}; expected 0 to {n_classes - 1} for "
            f"{name} of {n_classes} classes"
        )
    return labels.astype(np.int64), values


def _check_shapes(labels: np.ndarray, rows: np.ndarray, name: str) -> None:
    if labels.ndim != 1 or len(labels) == 0 or labels.dtype.kind not in "iu":
        raise DataError(
            f"labels are {labels.dtype} of shape {labels.shape}; expected integers of shape (n,)"
        )
    if rows.ndim != 2 or len(rows) != len(labels) or rows.shape[1] < 2:
        raise DataError(
            f"{name} have shape {rows.shape}; expected ({len(labels)}, K), one row a label and one "
            "column a class, K at least 2"
        )
    if rows.dtype.kind not in "fiu":
        raise DataError(f"{name} are {rows.dtype}; expected real numbers")
