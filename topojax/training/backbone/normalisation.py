"""Normalisation of intensities, the same for training, validation and CAMs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Normalisation:
    """Intensities to zero mean and unit variance a channel, by statistics of the training split.

    Training, validation and CAMs all see images through this one object.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, images: np.ndarray, spatial_dims: int) -> Normalisation:
        """Take the statistics of images (n, *spatial) or (n, *spatial, C)."""
        channels = _channels_last(images, spatial_dims)
        axes = tuple(range(channels.ndim - 1))
        mean, std = channels.mean(axes, dtype=np.float64), channels.std(axes, dtype=np.float64)
        return cls(tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))

    def __call__(self, images: np.ndarray, spatial_dims: int) -> np.ndarray:
        """Return the network's input, float32 (n, *spatial, C)."""
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return (_channels_last(images, spatial_dims).astype(np.float32) - mean) / std


def _channels_last(images: np.ndarray, spatial_dims: int) -> np.ndarray:
    return images if images.ndim == spatial_dims + 2 else images[..., None]
