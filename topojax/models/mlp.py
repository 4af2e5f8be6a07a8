"""The multilayer perceptron on descriptors (paper, section 4.1)."""

from __future__ import annotations

from itertools import pairwise

import jax
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.initialise import linear


class MLP(nnx.Module):
    """Linear layers with ReLU between them; weights start as torch's `Linear` does.

    Args:
        in_features: length of a descriptor.
        hidden: widths of the hidden layers.
        num_classes: length of the logits.
        rngs: the stream `params` gives the initial weights.
    """

    def __init__(
        self,
        in_features: int,
        hidden: tuple[int, ...] = (128, 64),
        num_classes: int = 2,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        widths = (in_features, *hidden, num_classes)
        self.layers = nnx.List([linear(n_in, n_out, rngs=rngs) for n_in, n_out in pairwise(widths)])

    def __call__(self, x: Float[Array, "b features"]) -> Float[Array, "b classes"]:
        """Return the logits."""
        *hidden, last = self.layers
        for layer in hidden:
            x = jax.nn.relu(layer(x))
        return last(x)
