"""A trained U-Net and the masks that it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flax import nnx

from topojax.config import SegmentationConfig
from topojax.models.segmentation.unet import UNet, abstract_unet
from topojax.training.loop.progress import State
from topojax.training.loop.sharding import share_batches
from topojax.training.loop.step import predict_logits


@dataclass(frozen=True)
class MaskEpoch:
    """What one epoch gave; losses are means over images of Dice loss plus cross-entropy.

    `val_dice` is the mean over validation images of Dice's coefficient of {p > 0.5}.
    """

    epoch: int
    train_loss: float
    val_loss: float
    val_dice: float

    @property
    def rank(self) -> tuple[float, float]:
        """The higher Dice, among equal ones the lower loss."""
        return self.val_dice, -self.val_loss


@dataclass(frozen=True)
class PredictedMasks:
    """Masks bool (n, *spatial), none of them empty; and which would have been, bool (n,).

    An empty one becomes the voxels of the highest foreground probability, as an empty ROI becomes
    those of its map's maximum.
    """

    masks: np.ndarray
    empty: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray) -> PredictedMasks:
        """Return the voxels of positive logits, float32 (n, *spatial): {p > 0.5}.

        Example:
            >>> found = PredictedMasks.of(np.array([[-1.0, 2.0, 0.0], [-3.0, -2.0, -2.0]]))
            >>> found.masks.tolist(), found.empty.tolist()
            ([[False, True, False], [False, True, True]], [False, True])
        """
        axes = tuple(range(1, logits.ndim))
        highest = logits.max(axis=axes, keepdims=True)
        empty = (highest <= 0).reshape(len(logits))
        # By the logits: probabilities of very low ones are all 0.
        return cls((logits > 0) | ((highest <= 0) & (logits == highest)), empty)


@dataclass(frozen=True)
class FittedUNet:
    """The network at its best validation epoch, and how it came about."""

    config: SegmentationConfig
    spatial_dims: int
    in_channels: int
    params: State
    stats: State
    history: tuple[MaskEpoch, ...]
    best_epoch: int

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return the foreground's logits, float32 (n, *spatial), of network inputs.

        Args:
            x: float32 (n, *spatial, C). Images are computed in batches of `config.batch_size`, the
                last one filled up; none depends on the others.
        """
        size = self.config.batch_size
        devices = share_batches(size, jax.local_devices())
        graph, _, _ = unet_parts(self.config, self.spatial_dims, self.in_channels)
        params, stats = devices.replicate((self.params, self.stats))
        return predict_logits(graph, params, stats, x, size, devices)[..., 0]

    def predict(self, x: np.ndarray) -> PredictedMasks:
        """Return the masks of network inputs, float32 (n, *spatial, C)."""
        return PredictedMasks.of(self.logits(x))


def unet_parts(
    config: SegmentationConfig, spatial_dims: int, in_channels: int
) -> tuple[Any, State, State]:
    """Return (graph definition, parameters, statistics) with shapes in place of arrays."""
    return split_unet(
        abstract_unet(
            spatial_dims, in_channels, widths=config.widths, convolutions=config.convolutions
        )
    )


def split_unet(unet: UNet) -> tuple[Any, State, State]:
    """Return (graph definition, parameters, statistics); of the latter there are none."""
    parts: tuple[Any, ...] = nnx.split(unet, nnx.Param, nnx.BatchStat)
    graph, params, stats = parts
    return graph, params, stats
