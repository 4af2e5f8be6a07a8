"""Which test images are shown one by one."""

from __future__ import annotations

import numpy as np

_PER_CLASS = 3
_WRONG = 6
_EMPTY = 2


def first_of_each_class(labels: np.ndarray) -> np.ndarray:
    """Return the places of the first three images of each class, not chosen by their result.

    Args:
        labels: integers (n,).

    Returns:
        int64 (m,), class by class.
    """
    return np.concatenate([np.flatnonzero(labels == c)[:_PER_CLASS] for c in np.unique(labels)])


def wrong_and_empty(labels: np.ndarray, probabilities: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Return the places of six images decided wrongly, the surest first, and of two empty ROIs.

    Args:
        labels: integers (n,).
        probabilities: (n, K), of the method.
        empty: bool (n,); images whose ROI came out empty. Those decided wrongly are not repeated.

    Returns:
        int64 (m,), m at most 8; fewer where there are fewer.
    """
    wrong = probabilities.argmax(axis=1) != labels
    # Stable: of equal probabilities the first image is first.
    surest = np.argsort(-probabilities.max(axis=1), kind="stable")
    others = np.flatnonzero(empty & ~wrong)
    return np.concatenate([surest[wrong[surest]][:_WRONG], others[:_EMPTY]])


def most_shown(n_classes: int) -> int:
    """Return how many images both choices have together at most."""
    return n_classes * _PER_CLASS + _WRONG + _EMPTY
