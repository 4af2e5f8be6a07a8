"""The training loss: cross-entropy, weighted by class where classes are unequal."""

from __future__ import annotations

from typing import Literal

import numpy as np
import optax
from jaxtyping import Array, Float, Int


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


def weighted_cross_entropy(
    logits: Float[Array, "b k"],
    labels: Int[Array, " b"],
    weights: Float[Array, " b"],
    total: Float[Array, ""],
) -> Float[Array, ""]:
    """Return Σ w_i CE_i / total, in nats; over a whole batch of weight `total` a mean."""
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return (weights * losses).sum() / total
