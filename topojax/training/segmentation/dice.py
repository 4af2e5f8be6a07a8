"""Dice's coefficient (Dice 1945): how far two masks overlap."""

from __future__ import annotations

import numpy as np

from topojax.errors import DataError


def dice_scores(predicted: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return 2 |A ∩ B| / (|A| + |B|) of each pair of masks, float64 (n,); 1 where both are empty.

    Args:
        predicted, masks: bool (n, *spatial).

    Raises:
        DataError: not bool, or of two shapes.

    Example:
        >>> found = np.array([[1, 1, 0, 0], [0, 0, 0, 1]], bool)
        >>> dice_scores(found, np.array([[0, 1, 1, 1], [1, 0, 0, 0]], bool)).tolist()
        [0.4, 0.0]
    """
    for name, array in (("predicted", predicted), ("masks", masks)):
        if array.dtype != np.bool_ or array.shape != masks.shape:
            raise DataError(
                f"{name} is {array.dtype} of shape {array.shape}; expected bool of shape "
                f"{masks.shape}, as masks"
            )
    axes = tuple(range(1, masks.ndim))
    shared = np.count_nonzero(predicted & masks, axis=axes)
    total = np.count_nonzero(predicted, axis=axes) + np.count_nonzero(masks, axis=axes)
    return np.where(total == 0, 1.0, 2 * shared / np.maximum(total, 1))
