"""Grad-CAM++ of several stages in one backward pass (Chattopadhay et al. 2018)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from topojax.cam.methods.gradcam import weighted_map
from topojax.cam.methods.stages import Maps, Outputs, layer_gradients
from topojax.models import Backbone

_EPSILON = 1e-6


def gradcam_pp(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    target: Int[Array, " b"] | None,
) -> tuple[Outputs, Maps]:
    """Return its outputs and each layer's ReLU(Σ_c w_c A_c), w of `gradcam_pp_weights`."""
    outputs, activations, gradients = layer_gradients(model, x, layers, target)
    return outputs, {
        layer: weighted_map(
            activations[layer], gradcam_pp_weights(activations[layer], gradients[layer])
        )
        for layer in layers
    }


def gradcam_pp_weights(
    activation: Float[Array, "b *map c"], gradient: Float[Array, "b *map c"]
) -> Float[Array, "b c"]:
    """Return Σ ReLU(g) g² / (2 g² + (Σ A) g³ + 1e-6), sums over space (equations 5 and 19).

    The closed form for a score that is the exponential of the logit, with the constant of
    grad-cam 1.5.7 in the denominator; g is the logit's gradient.
    """
    axes = tuple(range(1, gradient.ndim - 1))
    g = gradient.astype(jnp.float32)
    total = activation.astype(jnp.float32).sum(axes, keepdims=True)
    alpha = g**2 / (2 * g**2 + total * g**3 + _EPSILON)
    return (jax.nn.relu(g) * alpha).sum(axes).astype(activation.dtype)
