"""What samples weigh in the cross-entropy where classes are unequal."""

from __future__ import annotations

from typing import Literal

import numpy as np


def class_weights(
    kind: Literal["none", "balanced"], labels: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return what a sample of each class weighs, float32 (n_classes,).

    `balanced`: n / (k n_c), so that the k classes weigh the same in all, and the mean weight over
    the n samples is 1. A class without samples weighs n / k, which no sum ever sees.
    """
    if kind == "none":
        return np.ones(n_classes, np.float32)
    counts = np.bincount(labels, minlength=n_classes)
    return (len(labels) / (n_classes * np.maximum(counts, 1))).astype(np.float32)
