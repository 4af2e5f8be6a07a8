"""The AUC of many candidates at once, each with scores of its own for the same labels."""

from __future__ import annotations

import numpy as np

from topojax.masked import refuse_masked


def auc_scores(
    labels: np.ndarray, probabilities: np.ndarray, kept: np.ndarray | None = None
) -> np.ndarray:
    """Return `auc_score` of every candidate, float64 (P,).

    NaN where it is undefined: a probability is not finite, or a class has no image left.

    Args:
        labels: integers (n,) in 0 … K-1.
        probabilities: (P, n, K); any scores that rank images the same way will do.
        kept: bool (P, n), False leaves an image out; None: all count.

    Raises:
        DataError: masked values.
    """
    refuse_masked(labels, "labels")
    refuse_masked(probabilities, "probabilities")
    n_classes = probabilities.shape[2]
    classes = [1] if n_classes == 2 else range(n_classes)
    return np.mean([rank_aucs(labels == c, probabilities[:, :, c], kept) for c in classes], axis=0)


def rank_aucs(
    positive: np.ndarray, scores: np.ndarray, kept: np.ndarray | None = None
) -> np.ndarray:
    """Return the Mann-Whitney AUC of every row of scores, float64 (P,); ties count one half.

    NaN where a score that counts is not finite, or positives or negatives are absent.

    Args:
        positive: bool (n,).
        scores: float (P, n), higher for positives.
        kept: bool (P, n), False leaves an image out; None: all count.

    Raises:
        DataError: masked values.
    """
    for name, array in {"positive": positive, "scores": scores, "kept": kept}.items():
        refuse_masked(array, name)
    counts = np.ones(scores.shape, bool) if kept is None else kept
    order = np.argsort(scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    counted = np.take_along_axis(counts, order, axis=1)
    of_positives, of_negatives = counted & positive[order], counted & ~positive[order]
    below = np.cumsum(of_negatives, axis=1)
    # Negatives below the first and up to the last of the equal scores that an image is among.
    first, last = _tied(ordered)
    before = np.take_along_axis(np.pad(below, ((0, 0), (1, 0))), first, axis=1)
    through = np.take_along_axis(below, last, axis=1)
    won = np.where(of_positives, (before + through) / 2, 0.0).sum(axis=1)
    pairs = of_positives.sum(axis=1) * of_negatives.sum(axis=1)
    defined = (pairs > 0) & (np.isfinite(scores) | ~counts).all(axis=1)
    return np.where(defined, won / np.maximum(pairs, 1), np.nan)


def _tied(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for sorted rows (P, n) the places of the first and last score equal to each."""
    n = ordered.shape[1]
    place = np.arange(n)
    changes = ordered[:, 1:] != ordered[:, :-1]
    starts = np.pad(changes, ((0, 0), (1, 0)), constant_values=True)
    ends = np.pad(changes, ((0, 0), (0, 1)), constant_values=True)
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, n - 1)[:, ::-1], axis=1)[:, ::-1]
    return first, last
