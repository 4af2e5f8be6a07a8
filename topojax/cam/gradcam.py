"""Grad-CAM of several stages in one backward pass (Selvaraju et al. 2017; paper, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from topojax.errors import ConfigError, DataError
from topojax.models import LAYERS, STAGES, ResidualNetwork

Maps = dict[str, Float[Array, " b *map"]]


def activation_maps(
    model: ResidualNetwork,
    x: Float[Array, "b *spatial c"],
    *,
    layers: tuple[str, ...] = ("layer2", "layer3", "layer4"),
    method: str = "gradcam",
    target: int | Int[Array, " b"] | None = None,
) -> tuple[Float[Array, "b classes"], Maps]:
    """Return the logits and one raw map a layer, neither resized nor scaled.

    The network runs in evaluation mode whatever its own mode, which is left as it is.

    Args:
        model: from `create_model`.
        x: float32 images, normalised as for training.
        layers: stages to take maps of, from layer1 … layer4.
        method: one of `METHODS`.
        target: classes whose logits are explained; None: the predicted class of each image.

    Raises:
        ConfigError: an unknown layer or method.
        DataError: images of another rank or number of channels, or a target that is no class.
    """
    check_layers(layers)
    if method not in METHODS:
        raise ConfigError(f"method={method!r} is unknown; choose one of {', '.join(METHODS)}")
    check_images(model, np.shape(x))
    classes = None if target is None else _checked_target(target, len(x), model.num_classes)
    graph, state = split_for_evaluation(model)
    # A compiled function returns dicts sorted by key, whatever the order asked for.
    ordered = tuple(layer for layer in LAYERS if layer in layers)
    logits, maps = _activation_maps(graph, ordered, method, state, jnp.asarray(x), classes)
    return logits, {layer: maps[layer] for layer in layers}


def layer_gradients(
    model: ResidualNetwork,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    target: Int[Array, " b"] | None,
) -> tuple[Float[Array, "b classes"], Maps, Maps]:
    """Return the logits, and each layer's output A and gradient ∂S/∂A of the target's logit.

    One vjp a segment between the layers asked for, pulled back once. Nothing is differentiated
    before the first of them, nor with respect to weights. Images do not mix in evaluation mode,
    so that one pull-back of all one-hot rows gives every image's own gradient.
    """
    ordered = [layer for layer in LAYERS if layer in layers]
    cuts = [0, *(STAGES.index(layer) + 1 for layer in ordered), len(STAGES)]
    before, *segments = [STAGES[start:end] for start, end in pairwise(cuts)]
    y = model.run(before, x)
    activations: Maps = {}
    pull_backs = []
    for layer, segment in zip(ordered, segments, strict=True):
        activations[layer] = y
        y, pull_back = jax.vjp(partial(model.run, segment), y)
        pull_backs.append(pull_back)
    classes = jnp.argmax(y, axis=-1) if target is None else target
    cotangent = jax.nn.one_hot(classes, y.shape[-1], dtype=y.dtype)
    gradients: Maps = {}
    for layer, pull_back in reversed(list(zip(ordered, pull_backs, strict=True))):
        (cotangent,) = pull_back(cotangent)
        gradients[layer] = cotangent
    return y, activations, gradients


def gradcam_weights(gradient: Float[Array, "b *map c"]) -> Float[Array, "b c"]:
    """Return alpha, the spatial mean of the gradient (Selvaraju et al. 2017, equation 1)."""
    return gradient.mean(axis=tuple(range(1, gradient.ndim - 1)))


def gradcam(
    activation: Float[Array, "b *map c"], gradient: Float[Array, "b *map c"]
) -> Float[Array, " b *map"]:
    """Return ReLU(Σ_c alpha_c A_c) (Selvaraju et al. 2017, equation 2)."""
    alpha = gradcam_weights(gradient)
    weighted = activation * alpha.reshape(len(alpha), *(1,) * (activation.ndim - 2), -1)
    return jax.nn.relu(weighted.sum(axis=-1))


METHODS: dict[str, Callable[[Array, Array], Array]] = {"gradcam": gradcam}


def raw_maps(
    model: ResidualNetwork,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    method: str,
    target: Int[Array, " b"] | None,
) -> tuple[Float[Array, "b classes"], Maps]:
    """Return what `activation_maps` does, for a model in evaluation mode; traceable."""
    logits, activations, gradients = layer_gradients(model, x, layers, target)
    return logits, {
        layer: METHODS[method](activations[layer], gradients[layer]) for layer in layers
    }


def split_for_evaluation(model: ResidualNetwork) -> tuple[Any, nnx.State]:
    """Return (graph definition, state) of the model in evaluation mode; it keeps its own mode."""
    copy = nnx.merge(*nnx.split(model), copy=True)
    copy.eval()
    return nnx.split(copy)


def check_layers(layers: tuple[str, ...]) -> None:
    """Raise ConfigError unless layers names at least one known stage, none twice."""
    for layer in layers:
        if layer not in LAYERS:
            raise ConfigError(f"layer {layer!r} is unknown; choose from {', '.join(LAYERS)}")
    if not layers or len(set(layers)) != len(layers):
        raise ConfigError(f"layers={list(layers)} must name at least one layer, none twice")


def check_images(model: ResidualNetwork, shape: tuple[int, ...]) -> None:
    """Raise DataError unless shape is (B, *spatial, C) of the model's rank and channels."""
    axes = "DHW"[-model.architecture.spatial_dims :]
    if len(shape) != len(axes) + 2 or shape[-1] != model.in_channels or shape[0] == 0:
        expected = ", ".join(("B >= 1", *axes, str(model.in_channels)))
        raise DataError(
            f"images have shape {shape}, {model.architecture.name} expects ({expected}); "
            "put channels last and keep the batch axis"
        )


@partial(jax.jit, static_argnames=("graph", "layers", "method"))
def _activation_maps(
    graph: Any,
    layers: tuple[str, ...],
    method: str,
    state: nnx.State,
    x: Float[Array, "b *spatial c"],
    target: Int[Array, " b"] | None,
) -> tuple[Float[Array, "b classes"], Maps]:
    return raw_maps(nnx.merge(graph, state), x, layers, method, target)


def _checked_target(target: Any, batch: int, num_classes: int) -> Int[Array, " b"]:
    classes = np.asarray(target)
    if classes.dtype.kind not in "iu" or classes.shape not in ((), (batch,)):
        raise DataError(
            f"target has dtype {classes.dtype} and shape {classes.shape}; "
            f"give one integer class or {batch} of them"
        )
    if classes.size and (classes.min() < 0 or classes.max() >= num_classes):
        raise DataError(
            f"target={classes.min()} … {classes.max()} is out of range; "
            f"the model's classes are 0 … {num_classes - 1}"
        )
    return jnp.broadcast_to(jnp.asarray(classes, jnp.int32), (batch,))
