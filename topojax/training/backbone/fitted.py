"""The backbone f_θ (paper, section 3): what training starts from and what it gives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flax import nnx

from topojax.config import BackboneConfig
from topojax.errors import WeightsError
from topojax.models import Backbone, abstract_model, create_model
from topojax.row_files.row_blocks import Rows
from topojax.training.loop.sharding import share_batches
from topojax.training.loop.step import predict_logits
from topojax.weights import load_torchvision, pretrained_weights, torchvision_report

_LOGGER = logging.getLogger(__name__)

State = Any


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch gave; losses are mean cross-entropies in nats.

    The training loss is the mean over batches, weighted by class if `backbone.class_weights` says
    so; the validation loss is not.
    """

    epoch: int
    train_loss: float
    val_loss: float
    val_auc: float

    @property
    def rank(self) -> tuple[float, float]:
        """The higher AUC, among equal ones the lower loss."""
        return self.val_auc, -self.val_loss


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

    def model(self) -> Backbone:
        """Return the network in evaluation mode."""
        graph = abstract_backbone(self.name, self.n_classes, self.in_channels)[0]
        model = nnx.merge(graph, self.params, self.stats)
        model.eval()
        return model

    def logits(self, x: Rows, batch_size: int) -> np.ndarray:
        """Return the logits, float32 (n, n_classes), of inputs float32 (n, *spatial, C)."""
        devices = share_batches(batch_size, jax.devices())
        graph = abstract_backbone(self.name, self.n_classes, self.in_channels)[0]
        params, stats = devices.replicate((self.params, self.stats))
        return predict_logits(graph, params, stats, x, batch_size, devices)


def abstract_backbone(name: str, n_classes: int, in_channels: int) -> tuple[Any, State, State]:
    """Return (graph definition, parameters, statistics) with shapes in place of arrays."""
    return backbone_parts(abstract_model(name, n_classes, in_channels))


def backbone_parts(model: Backbone) -> tuple[Any, State, State]:
    """Return (graph definition, parameters, statistics)."""
    parts: tuple[Any, ...] = nnx.split(model, nnx.Param, nnx.BatchStat)
    graph, params, stats = parts
    return graph, params, stats


def initial_backbone(
    config: BackboneConfig, name: str, n_classes: int, in_channels: int, seed: int
) -> Backbone:
    """Return a new network, with the weights of `config.weights` where there are any.

    What of them is not used is said once.

    Raises:
        WeightsError: the weights are not on this machine, cannot be read, or do not fit the
            network.
    """
    model = create_model(name, num_classes=n_classes, in_channels=in_channels, rngs=nnx.Rngs(seed))
    return with_pretrained_weights(model, config, say=_LOGGER.info)


def with_pretrained_weights(
    model: Backbone, config: BackboneConfig, *, say: Callable[..., None] | None = None
) -> Backbone:
    """Return a network, or its shapes alone (`abstract_model`), with `config.weights` if any.

    Args:
        model: not changed.
        config: see `BackboneConfig.weights`.
        say: called with what is to be said of the weights, as a logger's methods are.

    Raises:
        WeightsError: as `initial_backbone`.
    """
    if config.weights is None:
        return model
    try:
        state_dict = pretrained_weights(config.weights, model.name)
        loaded = load_torchvision(model, state_dict)
    except WeightsError as error:
        raise WeightsError(f"backbone.weights={config.weights}: {error}") from error
    if say is not None:
        report = torchvision_report(model, state_dict)
        for sentence in report.where_and_what_else():
            say("backbone: of %s, %s", config.weights, sentence)
        if report.head_kept:
            say("backbone: %s has no head for these classes; it is trained anew", config.weights)
    return loaded
