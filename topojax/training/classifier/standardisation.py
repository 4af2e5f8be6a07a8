"""Descriptors brought to zero mean and unit variance by the statistics of their training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Standardisation:
    """Affine map of descriptors by statistics of the rows that a classifier is trained on.

    Attributes:
        mean, scale: float32 (..., n_features); leading axes where there are many classifiers.
    """

    mean: Any
    scale: Any

    @classmethod
    def fit(cls, descriptors: np.ndarray) -> Standardisation:
        """Return the map to zero mean and unit variance; constant columns only lose their mean."""
        mean = descriptors.mean(axis=0, dtype=np.float64)
        scale = descriptors.std(axis=0, dtype=np.float64)
        # A column that never varies comes out as rounding noise, not as exactly 0.
        constant = scale <= 1e-6 * np.abs(descriptors).max(axis=0)
        return cls(mean.astype(np.float32), np.where(constant, 1.0, scale).astype(np.float32))

    @classmethod
    def identity(cls, n_features: int) -> Standardisation:
        """Return the map that leaves descriptors raw (preset `paper`)."""
        return cls(np.zeros(n_features, np.float32), np.ones(n_features, np.float32))

    @classmethod
    def stack(cls, maps: Sequence[Standardisation], shape: tuple[int, ...]) -> Standardisation:
        """Return maps of single classifiers as one with leading axes of this shape."""
        means, scales = (np.stack([getattr(m, name) for m in maps]) for name in ("mean", "scale"))
        return cls(means.reshape(*shape, -1), scales.reshape(*shape, -1))

    def __call__(self, descriptors: Any) -> Any:
        """Return the mapped descriptors, float32 (n, n_features); NumPy's in, NumPy's out."""
        return ((descriptors - self.mean) / self.scale).astype(np.float32)
