"""The loss of predicted masks: soft Dice plus cross-entropy, as MONAI's `DiceCELoss`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float

_SMOOTHING = 1e-5


def dice_and_cross_entropy(
    logits: Float[Array, "b *spatial 1"], masks: Bool[Array, "b *spatial"]
) -> Float[Array, " b"]:
    """Return the loss of each image: 1 - (2 Σ p g + ε) / (Σ p + Σ g + ε) + mean cross-entropy.

    p is the foreground's probability, g the mask, ε = 1e-5, and sums are over an image's voxels
    (Milletari et al. 2016, with plain sums in the denominator). Cross-entropy is in nats.
    """
    axes = tuple(range(1, masks.ndim))
    logits, target = logits[..., 0], masks.astype(jnp.float32)
    p = jax.nn.sigmoid(logits)
    shared, total = (p * target).sum(axes), p.sum(axes) + target.sum(axes)
    dice = (2 * shared + _SMOOTHING) / (total + _SMOOTHING)
    return 1 - dice + optax.sigmoid_binary_cross_entropy(logits, target).mean(axes)
