"""Epochs of Adam over shuffled batches; the epoch that the validation split ranks highest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic

import jax
import numpy as np
import optax
from tqdm import tqdm

from topojax.config import TrainingConfig
from topojax.data.feeding.augmentation import Augmentation, moved
from topojax.data.feeding.batches import batch_length, epoch_batches, prefetched
from topojax.errors import ConfigError, TrainingError
from topojax.row_files.row_blocks import Rows
from topojax.training.loop.optimiser import make_optimiser
from topojax.training.loop.progress import Progress, ProgressFolder, Record, State
from topojax.training.loop.sharding import DataParallel, on_this_host, share_batches
from topojax.training.loop.step import Criterion, Step, predict_logits, training_step


@dataclass(frozen=True)
class Task(Generic[Record]):
    """What is trained, on what, and how an epoch is judged.

    Attributes:
        name: the section of the settings, for messages.
        network: graph definition, and shapes of parameters and statistics.
        criterion: the samples' losses.
        train: network inputs float32 (n, *spatial, C), of which a batch is read at a time, and
            targets: (n,), or (n, *spatial), which augmentation moves along with the inputs.
        weights: of the training samples, float32 (n,).
        val: network inputs of the validation split.
        judge: from epoch, training loss and the validation split's logits to the epoch's numbers.
        record: their class.
    """

    name: str
    network: tuple[Any, State, State]
    criterion: Criterion
    train: tuple[Rows, np.ndarray]
    weights: np.ndarray
    val: Rows
    judge: Callable[[int, float, np.ndarray], Record]
    record: type[Record]


def train_epochs(
    config: TrainingConfig,
    task: Task[Record],
    initial: Callable[[], tuple[State, State]],
    *,
    seed: int,
    folder: Path | None = None,
    title: str | None = None,
    on_epoch: Callable[[Record], None] | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> Progress[Record]:
    """Train through all epochs; go on from the state in `folder` where there is one.

    Args:
        config: see `TrainingConfig`.
        task: see there.
        initial: gives parameters and statistics to start from; not called where there is a state.
        seed: fixes every shuffle and every augmentation.
        folder: where to keep the state after every epoch, or None.
        title: of the progress bar; None: no bar.
        on_epoch: called after every epoch.
        devices: what to share the batches among; None: all there are.

    Raises:
        ConfigError: an axis of `config.flip_axes` that the images do not have, or a batch that the
            hosts do not divide.
        WeightsError: a checkpoint in `folder` does not fit the network.
        RunError: the hosts do not see the same `folder`.
        TrainingError: the loss or the logits are no longer finite.
    """
    job = _plan(config, task, seed, devices or jax.devices())
    kept = ProgressFolder(folder, task.record) if folder else None
    now = kept.newest(job.abstract) if kept else None
    if now is None:
        params, stats = initial()
        now = Progress(params, stats, job.optimiser.init(params), params, stats, -1, ())
    while len(now.history) < config.epochs:
        now = _one_epoch(job, now, title)
        if kept:
            kept.save(now)
        if on_epoch is not None:
            on_epoch(now.history[-1])
    return now


def check_flip_axes(config: TrainingConfig, spatial_dims: int, name: str) -> None:
    """Refuse flips along axes that the images do not have; `name` is that of the section.

    Raises:
        ConfigError: `config.flip_axes` goes beyond the spatial axes.
    """
    if any(axis >= spatial_dims for axis in config.flip_axes):
        raise ConfigError(
            f"{name}.flip_axes={list(config.flip_axes)} names an axis that images of "
            f"{spatial_dims} axes do not have; give numbers below {spatial_dims}"
        )


@dataclass(frozen=True)
class _Job(Generic[Record]):
    """What every epoch is told."""

    config: TrainingConfig
    task: Task[Record]
    optimiser: optax.GradientTransformation
    step: Step
    devices: DataParallel
    augmentation: Augmentation
    seed: int

    @property
    def abstract(self) -> tuple[State, State, State]:
        """Shapes of parameters, statistics and the optimiser's state."""
        _, params, stats = self.task.network
        return params, stats, jax.eval_shape(self.optimiser.init, params)

    @property
    def parts(self) -> int:
        """Parts that every batch is divided into: in time by accumulation, then among hosts."""
        return self.config.accumulate * self.devices.n_hosts


def _plan(
    config: TrainingConfig, task: Task[Record], seed: int, devices: Sequence[jax.Device]
) -> _Job[Record]:
    x, targets = task.train
    check_flip_axes(config, len(x.shape) - 2, task.name)
    n_hosts = len({device.process_index for device in devices})
    length = batch_length(len(targets), config.batch_size, config.accumulate * n_hosts)
    shared = share_batches(length // config.accumulate, devices)
    per_epoch = -(-len(targets) // length)
    optimiser = make_optimiser(
        config.schedule,
        config.learning_rate,
        per_epoch * config.epochs,
        per_epoch * config.warmup_epochs,
    )
    step = training_step(
        task.network[0], optimiser, task.criterion, config.precision, shared.replicated
    )
    augmentation = Augmentation(config.flip_axes, config.shift)
    return _Job(config, task, optimiser, step, shared, augmentation, seed)


def _one_epoch(job: _Job[Record], now: Progress[Record], title: str | None) -> Progress[Record]:
    epoch, config, task = len(now.history), job.config, job.task
    (params, stats, state), losses = _train(job, now, title)
    logits = predict_logits(
        task.network[0], params, stats, task.val, config.batch_size, job.devices
    )
    if not (np.isfinite(losses).all() and np.isfinite(logits).all()):
        raise TrainingError(
            f"the {task.name} diverged in epoch {epoch + 1} (training loss {np.mean(losses)}); "
            f"lower {task.name}.learning_rate={config.learning_rate}"
        )
    record = task.judge(epoch, float(np.mean(losses)), logits)
    params, stats, state = on_this_host((params, stats, state))
    better = now.best_epoch < 0 or record.rank > now.history[now.best_epoch].rank
    kept = (params, stats, epoch) if better else (now.best_params, now.best_stats, now.best_epoch)
    return Progress(params, stats, state, *kept, (*now.history, record))


def _train(
    job: _Job[Record], now: Progress[Record], title: str | None
) -> tuple[tuple[State, State, State], list[float]]:
    """Run one epoch's updates; return the state on the devices, and the batches' losses.

    `title` is the bar's; None: no bar.
    """
    epoch, config = len(now.history), job.config
    rng = np.random.default_rng((job.seed, epoch))
    batches = epoch_batches(rng, len(job.task.weights), config.batch_size, job.parts)
    params, stats, state = job.devices.replicate((now.params, now.stats, now.optimiser))
    losses: list[jax.Array] = []
    bar = tqdm(
        prefetched(partial(_batch, job, epoch), enumerate(batches)),
        f"{title}epoch {epoch + 1}/{config.epochs}",
        total=len(batches),
        disable=True if title is None else None,
    )
    for x, targets, weights in bar:
        params, stats, state, loss = job.step(params, stats, state, x, targets, weights)
        # One update is under way while the next is prepared, and no more batches are held.
        jax.block_until_ready(losses[-1:])
        losses.append(loss)
    return (params, stats, state), [float(loss) for loss in losses]


def _batch(
    job: _Job[Record], epoch: int, numbered: tuple[int, np.ndarray]
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Put a batch on the devices, as the step wants it: this host reads and moves its own rows."""
    number, index = numbered
    x, targets = job.task.train
    parts = index.reshape(job.config.accumulate, -1)
    own = job.devices.own_rows(parts.shape[1])
    rows = parts[:, own]
    images, wanted = x[rows], targets[rows]
    if job.augmentation != Augmentation():
        # Drawn for the whole batch, so that the number of hosts changes no image. Numbers start at
        # 1: a trailing 0 would repeat the stream of the epoch's shuffle.
        rng = np.random.default_rng((job.seed, epoch, number + 1))
        movements = [
            drawn.reshape(*parts.shape, -1)[:, own].reshape(rows.size, -1)
            for drawn in job.augmentation.draw(rng, len(index), len(x.shape) - 2)
        ]
        images = moved(images.reshape(-1, *x.shape[1:]), *movements).reshape(images.shape)
        if targets.ndim > 1:
            flat = wanted.reshape(-1, *targets.shape[1:], 1)
            wanted = moved(flat, *movements).reshape(wanted.shape)
    put = partial(job.devices.shard, axis=1)
    return put(images), put(wanted), put(job.task.weights[rows])
