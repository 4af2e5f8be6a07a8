"""Fine-tuning of the backbone f_θ (paper, section 3): Adam, the best validation epoch kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from topojax.config import BackboneConfig
from topojax.data.augmentation import Augmentation, moved
from topojax.data.batches import batch_length, epoch_batches, prefetched
from topojax.errors import ConfigError, TrainingError
from topojax.evaluation import auc_score
from topojax.models import has_folded_statistics, rebased
from topojax.training.backbone.fitted import (
    EpochRecord,
    FittedBackbone,
    State,
    abstract_backbone,
    backbone_parts,
    initial_backbone,
)
from topojax.training.backbone.loss import class_weights
from topojax.training.backbone.optimiser import make_optimiser
from topojax.training.backbone.progress import Progress, ProgressFolder
from topojax.training.backbone.sharding import DataParallel, on_this_host, share_batches
from topojax.training.backbone.step import Step, predict_logits, training_step

Images = tuple[np.ndarray, np.ndarray]


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
        train: network inputs float32 (n, *spatial, C) and labels int (n,).
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
    job = _plan(config, name, train, val, n_classes, seed, devices or jax.devices())
    kept = ProgressFolder(folder) if folder else None
    now = kept.newest(job.abstract) if kept else None
    if now is None:
        model = initial_backbone(config, name, n_classes, train[0].shape[-1], seed)
        if config.weights is not None and has_folded_statistics(model):
            model = rebased(model, jnp.asarray(train[0][: config.rebasing_images]))
        _, params, stats = backbone_parts(model)
        now = Progress(params, stats, job.optimiser.init(params), params, stats, -1, ())
    while len(now.history) < config.epochs:
        now = _one_epoch(job, now, title if progress else None)
        if kept:
            kept.save(now)
        if on_epoch is not None:
            on_epoch(now.history[-1])
    return FittedBackbone(
        name,
        n_classes,
        train[0].shape[-1],
        now.best_params,
        now.best_stats,
        now.history,
        now.best_epoch,
    )


def check_augmentation(config: BackboneConfig, spatial_dims: int) -> None:
    """Refuse flips along axes that the images do not have.

    Raises:
        ConfigError: `config.flip_axes` goes beyond the spatial axes.
    """
    if any(axis >= spatial_dims for axis in config.flip_axes):
        raise ConfigError(
            f"backbone.flip_axes={list(config.flip_axes)} names an axis that images of "
            f"{spatial_dims} axes do not have; give numbers below {spatial_dims}"
        )


@dataclass(frozen=True)
class _Job:
    """What every epoch is told."""

    config: BackboneConfig
    graph: Any
    abstract: tuple[State, State, State]
    optimiser: optax.GradientTransformation
    step: Step
    devices: DataParallel
    train: Images
    val: Images
    sample_weights: np.ndarray
    augmentation: Augmentation
    seed: int

    @property
    def parts(self) -> int:
        """Parts that every batch is divided into: in time by accumulation, then among hosts."""
        return self.config.accumulate * self.devices.n_hosts


def _plan(
    config: BackboneConfig,
    name: str,
    train: Images,
    val: Images,
    n_classes: int,
    seed: int,
    devices: Sequence[jax.Device],
) -> _Job:
    x, labels = train
    check_augmentation(config, x.ndim - 2)
    n_hosts = len({device.process_index for device in devices})
    length = batch_length(len(labels), config.batch_size, config.accumulate * n_hosts)
    shared = share_batches(length // config.accumulate, devices)
    per_epoch = -(-len(labels) // length)
    optimiser = make_optimiser(
        config.schedule,
        config.learning_rate,
        per_epoch * config.epochs,
        per_epoch * config.warmup_epochs,
    )
    graph, params, stats = abstract_backbone(name, n_classes, x.shape[-1])
    return _Job(
        config,
        graph,
        (params, stats, jax.eval_shape(optimiser.init, params)),
        optimiser,
        training_step(graph, optimiser, config.precision, shared.replicated),
        shared,
        train,
        val,
        class_weights(config.class_weights, labels, n_classes)[labels],
        Augmentation(config.flip_axes, config.shift),
        seed,
    )


def _one_epoch(job: _Job, now: Progress, title: str | None) -> Progress:
    epoch, config = len(now.history), job.config
    (params, stats, state), losses = _train(job, now, title)
    logits = predict_logits(job.graph, params, stats, job.val[0], config.batch_size, job.devices)
    if not (np.isfinite(losses).all() and np.isfinite(logits).all()):
        raise TrainingError(
            f"the backbone diverged in epoch {epoch + 1} (training loss {np.mean(losses)}); lower "
            f"backbone.learning_rate={config.learning_rate}"
        )
    record = EpochRecord(epoch, float(np.mean(losses)), *_validation_scores(logits, job.val[1]))
    params, stats, state = on_this_host((params, stats, state))
    better = now.best_epoch < 0 or _rank(record) > _rank(now.history[now.best_epoch])
    kept = (params, stats, epoch) if better else (now.best_params, now.best_stats, now.best_epoch)
    return Progress(params, stats, state, *kept, (*now.history, record))


def _train(
    job: _Job, now: Progress, title: str | None
) -> tuple[tuple[State, State, State], list[float]]:
    """Run one epoch's updates; return the state on the devices, and the batches' losses.

    `title` is the bar's; None: no bar.
    """
    epoch, config = len(now.history), job.config
    rng = np.random.default_rng((job.seed, epoch))
    batches = epoch_batches(rng, len(job.train[1]), config.batch_size, job.parts)
    params, stats, state = job.devices.replicate((now.params, now.stats, now.optimiser))
    losses: list[jax.Array] = []
    bar = tqdm(
        prefetched(partial(_batch, job, epoch), enumerate(batches)),
        f"{title}epoch {epoch + 1}/{config.epochs}",
        total=len(batches),
        disable=True if title is None else None,
    )
    for x, labels, weights in bar:
        params, stats, state, loss = job.step(params, stats, state, x, labels, weights)
        # One update is under way while the next is prepared, and no more batches are held.
        jax.block_until_ready(losses[-1:])
        losses.append(loss)
    return (params, stats, state), [float(loss) for loss in losses]


def _batch(
    job: _Job, epoch: int, numbered: tuple[int, np.ndarray]
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Put a batch on the devices, as the step wants it: this host reads and moves its own rows."""
    number, index = numbered
    x, labels = job.train
    parts = index.reshape(job.config.accumulate, -1)
    own = job.devices.own_rows(parts.shape[1])
    rows = parts[:, own]
    images = x[rows]
    if job.augmentation != Augmentation():
        # Drawn for the whole batch, so that the number of hosts changes no image. Numbers start at
        # 1: a trailing 0 would repeat the stream of the epoch's shuffle.
        rng = np.random.default_rng((job.seed, epoch, number + 1))
        flips, shifts = (
            drawn.reshape(*parts.shape, -1)[:, own].reshape(rows.size, -1)
            for drawn in job.augmentation.draw(rng, len(index), x.ndim - 2)
        )
        images = moved(images.reshape(-1, *x.shape[1:]), flips, shifts).reshape(images.shape)
    put = partial(job.devices.shard, axis=1)
    return put(images), put(labels[rows]), put(job.sample_weights[rows])


def _validation_scores(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    loss = optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(logits), labels).mean()
    return float(loss), auc_score(labels, np.asarray(jax.nn.softmax(logits)))


def _rank(record: EpochRecord) -> tuple[float, float]:
    return record.val_auc, -record.val_loss
