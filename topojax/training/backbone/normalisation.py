"""Normalisation of intensities, the same for training, validation and CAMs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from topojax.row_files.row_blocks import row_blocks


@dataclass(frozen=True)
class Normalisation:
    """Intensities to zero mean and unit variance a channel, by statistics of the training split.

    Training, validation and CAMs all see images through this one object.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(
        cls, images: np.ndarray, spatial_dims: int, index: np.ndarray | None = None
    ) -> Normalisation:
        """Take the statistics of images (n, *spatial) or (n, *spatial, C), in memory or mapped.

        Sums are float64, of runs of images and then over the runs: what numpy finds in the whole,
        but for the last digits of float64, without its copy of the whole in float64.

        Args:
            images: float32.
            spatial_dims: 2 or 3.
            index: int (m,), of the images that count; None: all.
        """
        shape = images.shape if index is None else (len(index), *images.shape[1:])

        def mean_over(measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
            total: Any = 0.0
            for rows in row_blocks(shape):
                block = _channels_last(images[_chosen(rows, index)], spatial_dims)
                axes = tuple(range(block.ndim - 1))
                total = total + measure(block).sum(axes, dtype=np.float64)
            return total / (np.prod(shape) // len(total))

        mean = mean_over(lambda block: block)
        std = np.sqrt(mean_over(lambda block: np.square(block - mean)))
        return cls(tuple(mean.tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))

    def __call__(self, images: np.ndarray, spatial_dims: int) -> np.ndarray:
        """Return the network's input, float32 (n, *spatial, C)."""
        return self.of_channels(_channels_last(images, spatial_dims))

    def of_channels(self, images: np.ndarray) -> np.ndarray:
        """Return the network's input, float32, of images (..., *spatial, C)."""
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return (images.astype(np.float32) - mean) / std


@dataclass(frozen=True)
class NetworkInputs:
    """Images as a network takes them, float32 (n, *spatial, C), each normalised when it is read.

    Attributes:
        normalisation: of all of them.
        images: (N, *spatial) or (N, *spatial, C), in memory or mapped.
        spatial_dims: 2 or 3.
        index: int (n,), which of the N images these are; None: all.
    """

    normalisation: Normalisation
    images: np.ndarray
    spatial_dims: int
    index: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, *spatial, C)."""
        return (len(self), *_channels_last(self.images[:0], self.spatial_dims).shape[1:])

    def __len__(self) -> int:
        return len(self.images if self.index is None else self.index)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return some of the inputs, by slice or by an array of any shape of their places."""
        taken = self.images[_chosen(rows, self.index)]
        has_channels = self.images.ndim == self.spatial_dims + 2
        return self.normalisation.of_channels(taken if has_channels else taken[..., None])


def _chosen(rows: Any, index: np.ndarray | None) -> Any:
    return rows if index is None else index[rows]


def _channels_last(images: np.ndarray, spatial_dims: int) -> np.ndarray:
    return images if images.ndim == spatial_dims + 2 else images[..., None]
