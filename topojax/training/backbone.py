"""Fine-tuning of the backbone f_θ (paper, section 3): Adam, the best validation epoch kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int
from tqdm import tqdm

from topojax.checkpoint import Series, load_checkpoint
from topojax.config import BackboneConfig
from topojax.data.batches import epoch_batches, padded_batches
from topojax.errors import TrainingError, WeightsError
from topojax.evaluation import auc_score
from topojax.models import ResidualNetwork, create_model
from topojax.weights import load_torchvision, read_state_dict

State = Any


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


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch gave; losses are mean cross-entropies in nats."""

    epoch: int
    train_loss: float
    val_loss: float
    val_auc: float


@dataclass(frozen=True)
class FittedBackbone:
    """The network at its best validation epoch, and how it came about."""

    name: str
    n_classes: int
    in_channels: int
    params: State
    stats: State
    history: tuple[EpochRecord, ...]
    best_epoch: int

    def model(self) -> ResidualNetwork:
        """Return the network in evaluation mode."""
        graph = abstract_backbone(self.name, self.n_classes, self.in_channels)[0]
        model = nnx.merge(graph, self.params, self.stats)
        model.eval()
        return model


def abstract_backbone(name: str, n_classes: int, in_channels: int) -> tuple[Any, State, State]:
    """Return (graph definition, parameters, statistics) with shapes in place of arrays."""
    model = nnx.eval_shape(
        lambda: create_model(name, num_classes=n_classes, in_channels=in_channels, rngs=nnx.Rngs(0))
    )
    return _split(model)


def _split(model: ResidualNetwork) -> tuple[Any, State, State]:
    parts: tuple[Any, ...] = nnx.split(model, nnx.Param, nnx.BatchStat)
    graph, params, stats = parts
    return graph, params, stats


def initial_backbone(
    config: BackboneConfig, name: str, n_classes: int, in_channels: int, seed: int
) -> ResidualNetwork:
    """Return a new network, with the weights of `config.weights` where that names a file.

    Raises:
        WeightsError: the file cannot be read or does not fit the network.
    """
    model = create_model(name, num_classes=n_classes, in_channels=in_channels, rngs=nnx.Rngs(seed))
    if config.weights is None:
        return model
    path = Path(config.weights)
    try:
        return load_torchvision(model, read_state_dict(path))
    except WeightsError as error:
        raise WeightsError(f"backbone.weights={config.weights}: {error}") from error


@partial(jax.jit, static_argnames=("graph", "optimiser"), donate_argnames=("params", "state"))
def _train_step(
    graph: Any,
    optimiser: optax.GradientTransformation,
    params: State,
    stats: State,
    state: State,
    x: Float[Array, "b *spatial c"],
    y: Int[Array, " b"],
) -> tuple[State, State, State, Array]:
    def loss(params: State) -> tuple[Array, State]:
        model = nnx.merge(graph, params, stats, copy=True)
        model.train()
        losses = optax.softmax_cross_entropy_with_integer_labels(model(x), y)
        return losses.mean(), nnx.state(model, nnx.BatchStat)

    (value, stats), grads = jax.value_and_grad(loss, has_aux=True)(params)
    updates, state = optimiser.update(grads, state, params)
    return optax.apply_updates(params, updates), stats, state, value


@partial(jax.jit, static_argnames=("graph",))
def _logits(graph: Any, params: State, stats: State, x: Float[Array, "b *spatial c"]) -> Array:
    model = nnx.merge(graph, params, stats, copy=True)
    model.eval()
    return model(x)


def predict_logits(
    graph: Any, params: State, stats: State, x: np.ndarray, batch_size: int
) -> np.ndarray:
    """Return the logits, float32 (n, n_classes), of network inputs (n, *spatial, C)."""
    parts = [
        np.asarray(_logits(graph, params, stats, jnp.asarray(batch)))[: rows.stop - rows.start]
        for rows, batch in padded_batches(x, batch_size)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Progress:
    """The state between two epochs: all that a resumed run needs."""

    params: State
    stats: State
    optimiser: State
    best_params: State
    best_stats: State
    best_epoch: int
    history: tuple[EpochRecord, ...]


def fine_tune(
    config: BackboneConfig,
    name: str,
    train: tuple[np.ndarray, np.ndarray],
    val: tuple[np.ndarray, np.ndarray],
    n_classes: int,
    *,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> FittedBackbone:
    """Train the backbone and return it at the epoch of the highest validation AUC.

    Equal AUCs are decided by the lower validation loss. With `folder`, the state is written there
    after every epoch and a killed run goes on from it with the same result.

    Args:
        train: network inputs float32 (n, *spatial, C) and labels int (n,).
        val: the same of the validation split; it chooses the epoch, nothing else.
        seed: fixes the initial weights and every shuffle.

    Raises:
        WeightsError: `config.weights` or a checkpoint in `folder` does not fit the network.
        TrainingError: the loss or the logits are no longer finite.
    """
    in_channels = train[0].shape[-1]
    graph, params, stats = abstract_backbone(name, n_classes, in_channels)
    optimiser = _adam(config.learning_rate)
    series = (Series(folder, "epoch"), Series(folder, "best")) if folder else None
    abstract = (params, stats, jax.eval_shape(optimiser.init, params))
    now = _resume(*series, abstract) if series else None
    if now is None:
        model = initial_backbone(config, name, n_classes, in_channels, seed)
        _, params, stats = _split(model)
        now = _Progress(params, stats, optimiser.init(params), params, stats, -1, ())
    while len(now.history) < config.epochs:
        now = _one_epoch(graph, optimiser, now, train, val, config, seed=seed, progress=progress)
        if series:
            _save(*series, now)
        if on_epoch is not None:
            on_epoch(now.history[-1])
    return FittedBackbone(
        name, n_classes, in_channels, now.best_params, now.best_stats, now.history, now.best_epoch
    )


@lru_cache
def _adam(learning_rate: float) -> optax.GradientTransformation:
    # Cached, since jit compares a static optimiser by identity.
    return optax.adam(learning_rate)


def _one_epoch(
    graph: Any,
    optimiser: optax.GradientTransformation,
    now: _Progress,
    train: tuple[np.ndarray, np.ndarray],
    val: tuple[np.ndarray, np.ndarray],
    config: BackboneConfig,
    *,
    seed: int,
    progress: bool,
) -> _Progress:
    epoch = len(now.history)
    x, y = train
    batches = epoch_batches(np.random.default_rng((seed, epoch)), len(y), config.batch_size)
    params, stats, state = _copied((now.params, now.stats, now.optimiser))
    losses = []
    bar = tqdm(batches, f"epoch {epoch + 1}/{config.epochs}", disable=None if progress else True)
    for index in bar:
        params, stats, state, loss = _train_step(
            graph, optimiser, params, stats, state, x[index], y[index]
        )
        losses.append(float(loss))
    logits = predict_logits(graph, params, stats, val[0], config.batch_size)
    if not (np.isfinite(losses).all() and np.isfinite(logits).all()):
        raise TrainingError(
            f"the backbone diverged in epoch {epoch + 1} (training loss {np.mean(losses)}); lower "
            f"backbone.learning_rate={config.learning_rate}"
        )
    record = EpochRecord(epoch, float(np.mean(losses)), *_validation_scores(logits, val[1]))
    better = now.best_epoch < 0 or _rank(record) > _rank(now.history[now.best_epoch])
    kept = (params, stats, epoch) if better else (now.best_params, now.best_stats, now.best_epoch)
    return _Progress(params, stats, state, *kept, (*now.history, record))


def _copied(tree: State) -> State:
    # The step donates its inputs; the best epoch's arrays must outlive them.
    return jax.tree.map(jnp.copy, tree)


def _validation_scores(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    loss = optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(logits), labels).mean()
    return float(loss), auc_score(labels, np.asarray(jax.nn.softmax(logits)))


def _rank(record: EpochRecord) -> tuple[float, float]:
    return record.val_auc, -record.val_loss


def _save(latest: Series, best: Series, now: _Progress) -> None:
    epoch = len(now.history) - 1
    if now.best_epoch == epoch:
        best.save(epoch, (now.best_params, now.best_stats), {})
    meta = {"best_epoch": now.best_epoch, "history": [asdict(record) for record in now.history]}
    latest.save(epoch, (now.params, now.stats, now.optimiser), meta)
    # In this order a kill at any point leaves a state together with the best epoch it names.
    latest.keep_only(epoch)
    best.keep_only(now.best_epoch)


def _resume(latest: Series, best: Series, abstract: tuple[State, State, State]) -> _Progress | None:
    epoch = latest.newest()
    if epoch is None:
        return None
    (params, stats, state), meta = load_checkpoint(latest.path(epoch), lambda _: abstract)
    best_epoch = meta["best_epoch"]
    (best_params, best_stats), _ = load_checkpoint(best.path(best_epoch), lambda _: abstract[:2])
    history = tuple(EpochRecord(**record) for record in meta["history"])
    return _Progress(params, stats, state, best_params, best_stats, best_epoch, history)
