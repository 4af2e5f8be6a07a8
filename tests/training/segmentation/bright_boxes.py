"""Images with a bright box, and their masks; not a test."""

from __future__ import annotations

import numpy as np


def bright_boxes(n: int, shape: tuple[int, ...], seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs float32 (n, *shape, 1), noise and a bright box, and boxes bool (n, *shape)."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((n, *shape), bool)
    for mask in masks:
        mask[tuple(slice(k, k + 3) for k in rng.integers(0, min(shape) - 2, len(shape)))] = True
    noise = 0.3 * rng.standard_normal((n, *shape))
    return (noise + 2 * masks).astype(np.float32)[..., None], masks
