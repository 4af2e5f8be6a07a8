"""Grad-CAM of several stages in one backward pass (Selvaraju et al. 2017; paper, section 3)."""

from __future__ import annotations

import jax
from jaxtyping import Array, Float, Int

from topojax.cam.methods.stages import Maps, Outputs, layer_gradients
from topojax.models import Backbone


def gradcam(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    target: Int[Array, " b"] | None,
) -> tuple[Outputs, Maps]:
    """Return the network's outputs and each layer's ReLU(Σ_c alpha_c A_c) (equation 2)."""
    outputs, activations, gradients = layer_gradients(model, x, layers, target)
    return outputs, {
        layer: weighted_map(activations[layer], gradcam_weights(gradients[layer]))
        for layer in layers
    }


def gradcam_weights(gradient: Float[Array, "b *map c"]) -> Float[Array, "b c"]:
    """Return alpha, the spatial mean of the gradient (equation 1)."""
    return gradient.mean(axis=tuple(range(1, gradient.ndim - 1)))


def weighted_map(
    activation: Float[Array, "b *map c"], weights: Float[Array, "b c"]
) -> Float[Array, " b *map"]:
    """Return ReLU(Σ_c w_c A_c), the form that all methods share."""
    spread = weights.reshape(len(weights), *(1,) * (activation.ndim - 2), -1)
    return jax.nn.relu((activation * spread).sum(axis=-1))
