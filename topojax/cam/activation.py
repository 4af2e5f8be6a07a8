"""Logits and raw maps of a batch, and what a network must have for them."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from topojax.cam.methods import METHODS, Logits, Maps, check_method
from topojax.errors import ConfigError, DataError
from topojax.masked import refuse_masked
from topojax.models import Backbone, map_shapes


def activation_maps(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    *,
    layers: tuple[str, ...] | None = None,
    method: str = "gradcam",
    target: int | Int[Array, " b"] | None = None,
) -> tuple[Logits, Maps]:
    """Return the logits and one raw map a layer, neither resized nor scaled.

    The network runs in evaluation mode whatever its own mode, which is left as it is.

    Args:
        model: from `create_model`.
        x: float32 images, normalised as for training.
        layers: stages to take maps of, of `model.stage_names`; None: `model.cam_layers`.
        method: one of `METHODS`.
        target: classes whose logits are explained; None: the predicted class of each image.

    Raises:
        ConfigError: an unknown layer or method, or a layer whose output is no map.
        DataError: images of another rank or number of channels, or a target that is no class.
    """
    layers = model.cam_layers if layers is None else layers
    check_layers(model, layers)
    check_method(method)
    refuse_masked(x, "x")
    check_images(model, np.shape(x))
    classes = (
        None if target is None else checked_classes("target", target, len(x), model.num_classes)
    )
    graph, state = in_evaluation_mode(model)
    # A compiled function returns dicts sorted by key, whatever the order asked for.
    ordered = tuple(layer for layer in model.stage_names if layer in layers)
    logits, maps = _activation_maps(graph, ordered, method, state, jnp.asarray(x), classes)
    return logits, {layer: maps[layer] for layer in layers}


def in_evaluation_mode(model: Backbone) -> tuple[Any, nnx.State]:
    """Return (graph definition, state) of the model in evaluation mode; it keeps its own mode."""
    copy = nnx.merge(*nnx.split(model), copy=True)
    copy.eval()
    return nnx.split(copy)


def check_layers(model: Backbone, layers: tuple[str, ...]) -> None:
    """Raise ConfigError unless layers names at least one stage of the model, none twice."""
    known = model.stage_names[:-2]
    for layer in layers:
        if layer not in known:
            raise ConfigError(
                f"layer {layer!r} is unknown to {model.name}; choose from {', '.join(known)}"
            )
    if not layers or len(set(layers)) != len(layers):
        raise ConfigError(f"layers={list(layers)} must name at least one layer, none twice")


def check_maps(name: str, layers: tuple[str, ...], spatial_shape: tuple[int, ...]) -> None:
    """Raise ConfigError unless all these stages give maps of images of this shape; at once.

    Args:
        name: one of `list_models()`.
        layers: stages of that network.
        spatial_shape: (H, W) or (D, H, W).
    """
    shapes = map_shapes(name, spatial_shape)
    for layer in layers:
        if layer not in shapes:
            raise ConfigError(
                f"layer {layer!r} of {name} gives no map; choose from {', '.join(shapes)}"
            )


def check_images(model: Backbone, shape: tuple[int, ...]) -> None:
    """Raise DataError unless shape is (B, *spatial, C) of the model's rank and channels."""
    axes = "DHW"[-model.spatial_dims :]
    if len(shape) != len(axes) + 2 or shape[-1] != model.in_channels or shape[0] == 0:
        expected = ", ".join(("B >= 1", *axes, str(model.in_channels)))
        raise DataError(
            f"images have shape {shape}, {model.name} expects ({expected}); "
            "put channels last and keep the batch axis"
        )


def checked_classes(
    argument: str, value: int | Int[Array, " b"] | np.ndarray, n: int, num_classes: int
) -> Int[np.ndarray, " n"]:
    """Return classes of n images, int32, of one for all of them or one each.

    Raises:
        DataError: names the argument, where it holds no integers, another number of them, or one
            that is no class.
    """
    classes = np.asarray(value)
    if classes.dtype.kind not in "iu" or classes.shape not in ((), (n,)):
        raise DataError(
            f"{argument} has dtype {classes.dtype} and shape {classes.shape}; "
            f"give one integer class or {n} of them"
        )
    if classes.size and (classes.min() < 0 or classes.max() >= num_classes):
        raise DataError(
            f"{argument}={classes.min()} … {classes.max()} is out of range; "
            f"the model's classes are 0 … {num_classes - 1}"
        )
    return np.broadcast_to(classes.astype(np.int32), (n,))


@partial(jax.jit, static_argnames=("graph", "layers", "method"))
def _activation_maps(
    graph: Any,
    layers: tuple[str, ...],
    method: str,
    state: nnx.State,
    x: Float[Array, "b *spatial c"],
    target: Int[Array, " b"] | None,
) -> tuple[Logits, Maps]:
    outputs, maps = METHODS[method](nnx.merge(graph, state), x, layers, target)
    return outputs.logits, maps
