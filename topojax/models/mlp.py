"""The multilayer perceptron on descriptors (paper, section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float


@dataclass(frozen=True)
class _FanInUniform:
    """torch's initial `Linear`: kernel and bias uniform in ±1/√fan_in.

    A dataclass rather than a closure, so that equal networks have equal graph definitions.
    """

    fan_in: int

    def __call__(self, key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
        bound = self.fan_in**-0.5
        return jax.random.uniform(key, shape, dtype, -bound, bound)


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
        self.layers = nnx.List([_linear(*ends, rngs) for ends in pairwise(widths)])

    def __call__(self, x: Float[Array, "b features"]) -> Float[Array, "b classes"]:
        """Return the logits."""
        *hidden, last = self.layers
        for layer in hidden:
            x = jax.nn.relu(layer(x))
        return last(x)


def _linear(n_in: int, n_out: int, rngs: nnx.Rngs) -> nnx.Linear:
    init = _FanInUniform(n_in)
    return nnx.Linear(n_in, n_out, kernel_init=init, bias_init=init, rngs=rngs)
