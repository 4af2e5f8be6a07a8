"""Training of a U-Net on masks: Adam, the epoch of the best validation Dice kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from topojax.config import SegmentationConfig
from topojax.models.segmentation.unet import check_unet_images, create_unet
from topojax.training.loop.epochs import Task, train_epochs
from topojax.training.loop.progress import State
from topojax.training.segmentation.dice import dice_scores
from topojax.training.segmentation.fitted import FittedUNet, MaskEpoch, split_unet, unet_parts
from topojax.training.segmentation.loss import dice_and_cross_entropy
from topojax.training.segmentation.validation import check_foreground, validate_masks

Masked = tuple[np.ndarray, np.ndarray]


def fit_unet(
    config: SegmentationConfig,
    train: Masked,
    val: Masked,
    *,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
    title: str = "",
    on_epoch: Callable[[MaskEpoch], None] | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> FittedUNet:
    """Train a U-Net and return it at the epoch of the highest validation Dice.

    Equal ones are decided by the lower validation loss. With `folder`, the state is written there
    after every epoch and a killed run goes on from it with the same result.

    Args:
        config: see `SegmentationConfig`.
        train: network inputs float32 (n, *spatial, C) and masks (n, *spatial), bool or 0 and 1.
        val: the same of the validation split; it chooses the epoch, nothing else.
        seed: fixes the initial weights, every shuffle and every augmentation.
        folder: where to keep the state, or None.
        progress: show a bar on a terminal.
        title: of the bar, such as which of several networks it is.
        on_epoch: called after every epoch.
        devices: what to share the batches among; None: all there are.

    Raises:
        DataError: masks that do not fit the images or are no masks, no foreground in any training
            mask, or images too small for the levels.
        ConfigError: an axis of `config.flip_axes` that the images do not have.
        WeightsError: a checkpoint in `folder` does not fit the network.
        TrainingError: the loss or the logits are no longer finite.
    """
    train, val = _checked(train, "train"), _checked(val, "val")
    x, masks = train
    dims, channels = x.ndim - 2, x.shape[-1]
    check_unet_images(x.shape[1:-1], len(config.widths) - 1)
    check_foreground(masks, name="train_masks")
    task = Task(
        "segmentation",
        unet_parts(config, dims, channels),
        dice_and_cross_entropy,
        train,
        np.ones(len(masks), np.float32),
        val[0],
        partial(_judged, val[1]),
        MaskEpoch,
    )
    end = train_epochs(
        config,
        task,
        partial(_initial, config, dims, channels, seed),
        seed=seed,
        folder=folder,
        title=title if progress else None,
        on_epoch=on_epoch,
        devices=devices,
    )
    return FittedUNet(
        config, dims, channels, end.best_params, end.best_stats, end.history, end.best_epoch
    )


def _checked(split: Masked, name: str) -> Masked:
    x, masks = split
    return x, validate_masks(masks, x.shape[:-1], name=f"{name}_masks")


def _initial(
    config: SegmentationConfig, dims: int, channels: int, seed: int
) -> tuple[State, State]:
    unet = create_unet(
        dims,
        channels,
        widths=config.widths,
        convolutions=config.convolutions,
        rngs=nnx.Rngs(seed),
    )
    _, params, stats = split_unet(unet)
    return params, stats


def _judged(masks: np.ndarray, epoch: int, train_loss: float, logits: np.ndarray) -> MaskEpoch:
    loss = dice_and_cross_entropy(jnp.asarray(logits), jnp.asarray(masks)).mean()
    dice = dice_scores(logits[..., 0] > 0, masks).mean()
    return MaskEpoch(epoch, train_loss, float(loss), float(dice))
