"""Outputs of several stages of a network, and gradients with respect to them."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from topojax.errors import ConfigError
from topojax.models import Backbone

Logits: TypeAlias = Float[Array, "b classes"]
Activations: TypeAlias = dict[str, Float[Array, "b *map c"]]
Maps: TypeAlias = dict[str, Float[Array, " b *map"]]


class Outputs(NamedTuple):
    """What the network's end gives: logits, and the embeddings that they are linear in."""

    logits: Logits
    embeddings: Float[Array, "b f"]


def layer_outputs(
    model: Backbone, x: Float[Array, "b *spatial c"], layers: tuple[str, ...]
) -> tuple[Outputs, Activations]:
    """Return the network's outputs and each layer's output A.

    Raises:
        ConfigError: while tracing, a layer whose output is no map.
    """
    before, segments = _segments(model, layers)
    y = model.run(before, x)
    activations: Activations = {}
    for layer, segment in segments.items():
        activations[layer] = _checked_map(model, layer, y)
        y = model.run(segment, y)
    return Outputs(model.run((model.head_name,), y), y), activations


def layer_gradients(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    target: Int[Array, " b"] | None,
) -> tuple[Outputs, Activations, Activations]:
    """Return the network's outputs, and each layer's A and gradient ∂S/∂A of the target's logit.

    One vjp a segment between the layers asked for, pulled back once. Nothing is differentiated
    before the first of them, nor with respect to weights. Images do not mix in evaluation mode,
    so that one pull-back of all one-hot rows gives every image's own gradient.

    Raises:
        ConfigError: while tracing, a layer whose output is no map.
    """
    before, segments = _segments(model, layers)
    y = model.run(before, x)
    activations: Activations = {}
    pull_backs = {}
    for layer, segment in segments.items():
        activations[layer] = _checked_map(model, layer, y)
        y, pull_backs[layer] = jax.vjp(partial(model.run, segment), y)
    logits, pull_back_head = jax.vjp(partial(model.run, (model.head_name,)), y)
    classes = jnp.argmax(logits, axis=-1) if target is None else target
    one_hot = jax.nn.one_hot(classes, logits.shape[-1], dtype=logits.dtype)
    (cotangent,) = pull_back_head(one_hot)
    gradients: Activations = {}
    for layer in reversed(segments):
        (cotangent,) = pull_backs[layer](cotangent)
        gradients[layer] = cotangent
    return Outputs(logits, y), activations, gradients


def _segments(
    model: Backbone, layers: tuple[str, ...]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    # The stages up to the first layer; for every layer, in order, those up to the next. The head
    # is in none of them.
    stages = model.stage_names[:-1]
    ordered = [layer for layer in stages if layer in layers]
    cuts = [0, *(stages.index(layer) + 1 for layer in ordered), len(stages)]
    before, *segments = [stages[start:end] for start, end in pairwise(cuts)]
    return before, dict(zip(ordered, segments, strict=True))


def _checked_map(model: Backbone, layer: str, y: Array) -> Float[Array, "b *map c"]:
    if y.ndim != model.spatial_dims + 2:
        raise ConfigError(
            f"layer {layer!r} of {model.name} gives no map: its output has shape {y.shape}, not "
            f"(B, {model.spatial_dims} spatial axes, C); choose another, such as "
            f"{', '.join(model.cam_layers)}"
        )
    return y
