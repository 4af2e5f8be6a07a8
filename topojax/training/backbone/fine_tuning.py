"""Fine-tuning of the backbone f_θ (paper, section 3): Adam, the best validation epoch kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from topojax.config import BackboneConfig
from topojax.evaluation import auc_score
from topojax.models import has_folded_statistics, rebased
from topojax.row_files.row_blocks import Rows
from topojax.training.backbone.class_weights import class_weights
from topojax.training.backbone.fitted import (
    EpochRecord,
    FittedBackbone,
    State,
    abstract_backbone,
    backbone_parts,
    initial_backbone,
)
from topojax.training.loop.epochs import Task, check_flip_axes, train_epochs

Images = tuple[Rows, np.ndarray]
"""Network inputs float32 (n, *spatial, C), read batch by batch, and labels int (n,)."""


def fine_tune(
    config: BackboneConfig,
    name: str,
    train: Images,
    val: Images,
    n_classes: int,
    *,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
    title: str = "",
    on_epoch: Callable[[EpochRecord], None] | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> FittedBackbone:
    """Train the backbone and return it at the epoch of the highest validation AUC.

    Equal AUCs are decided by the lower validation loss. With `folder`, the state is written there
    after every epoch and a killed run goes on from it with the same result. On several hosts (see
    `join_hosts`) every one calls this with the same arguments, reads its share of each batch and
    returns the same network; `folder` is then on storage that they share.

    Args:
        config: see `BackboneConfig`.
        name: one of `topojax.models.list_models()`.
        train: network inputs float32 (n, *spatial, C), an array or `NetworkInputs`, and labels
            int (n,).
        val: the same of the validation split; it chooses the epoch, nothing else.
        n_classes: length of the logits.
        seed: fixes the initial weights, every shuffle and every augmentation.
        folder: where to keep the state, or None.
        progress: show a bar on a terminal.
        title: of the bar, such as which of several networks it is.
        on_epoch: called after every epoch.
        devices: what to share the batches among; None: all there are.

    Raises:
        ConfigError: an axis of `config.flip_axes` that the images do not have, or a batch that the
            hosts do not divide.
        WeightsError: `config.weights` or a checkpoint in `folder` does not fit the network.
        RunError: the hosts do not see the same `folder`.
        TrainingError: the loss or the logits are no longer finite.
    """
    x, labels = train
    task = Task(
        "backbone",
        abstract_backbone(name, n_classes, x.shape[-1]),
        optax.softmax_cross_entropy_with_integer_labels,
        train,
        class_weights(config.class_weights, labels, n_classes)[labels],
        val[0],
        partial(_judged, val[1]),
        EpochRecord,
    )
    end = train_epochs(
        config,
        task,
        lambda: _initial(config, name, x, n_classes, seed),
        seed=seed,
        folder=folder,
        title=title if progress else None,
        on_epoch=on_epoch,
        devices=devices,
    )
    params, stats = end.best_params, end.best_stats
    return FittedBackbone(name, n_classes, x.shape[-1], params, stats, end.history, end.best_epoch)


def check_augmentation(config: BackboneConfig, spatial_dims: int) -> None:
    """Refuse flips along axes that the images do not have.

    Raises:
        ConfigError: `config.flip_axes` goes beyond the spatial axes.
    """
    check_flip_axes(config, spatial_dims, "backbone")


def _initial(
    config: BackboneConfig, name: str, x: Rows, n_classes: int, seed: int
) -> tuple[State, State]:
    model = initial_backbone(config, name, n_classes, x.shape[-1], seed)
    if config.weights is not None and has_folded_statistics(model):
        model = rebased(model, jnp.asarray(x[: config.rebasing_images]))
    _, params, stats = backbone_parts(model)
    return params, stats


def _judged(labels: np.ndarray, epoch: int, train_loss: float, logits: np.ndarray) -> EpochRecord:
    loss = optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(logits), labels).mean()
    probabilities = np.asarray(jax.nn.softmax(logits))
    return EpochRecord(epoch, train_loss, float(loss), auc_score(labels, probabilities))
