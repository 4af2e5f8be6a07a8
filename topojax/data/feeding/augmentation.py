"""Augmentation of training images: flips and small shifts. The paper uses none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """Which random movements training images make.

    Attributes:
        flip_axes: spatial axes along which an image is turned over with probability 1/2.
        shift: an image is moved by -shift … shift voxels along every axis, all equally likely.
    """

    flip_axes: tuple[int, ...] = ()
    shift: int = 0

    def draw(
        self, rng: np.random.Generator, n: int, spatial_dims: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw the movements of n images: flips bool and shifts int64, both (n, spatial_dims)."""
        flips = np.zeros((n, spatial_dims), bool)
        flips[:, self.flip_axes] = rng.random((n, len(self.flip_axes))) < 0.5
        return flips, rng.integers(-self.shift, self.shift + 1, (n, spatial_dims))


def moved(images: np.ndarray, flips: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return images turned over, then moved; what comes in from outside repeats the edge.

    Args:
        images: (n, *spatial, C), of any dtype, which is kept.
        flips: bool (n, d): turned over along this axis or not.
        shifts: int (n, d): voxels towards higher indices.
    """
    index: list[np.ndarray] = [np.arange(len(images))]
    for axis, length in enumerate(images.shape[1:-1]):
        source = np.clip(np.arange(length) - shifts[:, axis, None], 0, length - 1)
        index.append(np.where(flips[:, axis, None], length - 1 - source, source))
    return images[_outer(index)]


def _outer(index: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    # Rows come first; every axis has a row of source positions for each image.
    d = len(index) - 1
    rows = index[0].reshape(-1, *(1,) * d)
    axes = [
        source.reshape(len(source), *(1,) * axis, -1, *(1,) * (d - 1 - axis))
        for axis, source in enumerate(index[1:])
    ]
    return (rows, *axes)
