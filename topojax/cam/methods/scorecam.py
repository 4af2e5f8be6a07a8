"""Score-CAM: a channel weighs by what the image scores behind its mask (Wang et al. 2020).

No gradient; one forward pass a channel of every layer instead, so some hundred times the work of
Grad-CAM.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from topojax.cam.methods.gradcam import weighted_map
from topojax.cam.methods.stages import Maps, Outputs, layer_outputs
from topojax.cam.resample import scale_maps, upsample_to_corners
from topojax.models import Backbone

_MASKED_AT_ONCE = 16


def scorecam(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    layers: tuple[str, ...],
    target: Int[Array, " b"] | None,
) -> tuple[Outputs, Maps]:
    """Return its outputs and each layer's ReLU(Σ_c w_c A_c), w of `scorecam_weights`."""
    outputs, activations = layer_outputs(model, x, layers)
    classes = jnp.argmax(outputs.logits, axis=-1) if target is None else target
    return outputs, {
        layer: weighted_map(
            activations[layer], scorecam_weights(model, x, activations[layer], classes)
        )
        for layer in layers
    }


def scorecam_weights(
    model: Backbone,
    x: Float[Array, "b *spatial c"],
    activation: Float[Array, "b *map c"],
    classes: Int[Array, " b"],
) -> Float[Array, "b c"]:
    """Return the softmax over channels of the logits of images masked by each channel.

    A mask is the channel's map on the image's grid, corner on corner as in grad-cam 1.5.7, scaled
    to [0, 1]. The score of a baseline, which the paper subtracts, is the same for all channels
    and drops out of the softmax.

    Memory is that of the batch itself or of 16 images, whichever is more.
    """

    def scores(channel: Float[Array, " b *map"]) -> Float[Array, " b"]:
        mask = scale_maps(upsample_to_corners(channel, x.shape[1:-1]))
        logits = model(x * mask[..., None])
        return jnp.take_along_axis(logits, classes[:, None], axis=-1)[:, 0]

    at_once = _largest_divisor(activation.shape[-1], _MASKED_AT_ONCE // len(x))
    by_channel = lax.map(scores, jnp.moveaxis(activation, -1, 0), batch_size=at_once)
    return jax.nn.softmax(by_channel.T.astype(jnp.float32)).astype(activation.dtype)


def _largest_divisor(n: int, most: int) -> int:
    # A remainder would have the network compiled twice.
    return next(k for k in range(max(1, min(n, most)), 0, -1) if n % k == 0)
