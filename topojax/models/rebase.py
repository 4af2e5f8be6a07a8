"""Batch norms of weight files that were published with their statistics folded away.

Some files hold every batch norm as one affine map, with mean 0 and variance 1 in place of the
statistics. In evaluation mode that is the same network. In training mode it is not: a batch norm
then divides by the batch's deviation, which the scale has divided by already, and fine-tuning
starts from a network that computes something else. Taking over the statistics of some images, and
changing scale and bias so that the output stays, gives both modes the same network again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.layers import BatchNorm


def has_folded_statistics(model: Backbone) -> bool:
    """Whether there are batch norms, and all of them have mean 0 and variance 1."""
    norms = [module for _, module in nnx.iter_modules(model) if isinstance(module, BatchNorm)]
    return bool(norms) and all(
        not np.any(norm.mean[...]) and np.all(np.asarray(norm.var[...]) == 1) for norm in norms
    )


def rebased(model: Backbone, x: Float[Array, "b *spatial c"]) -> Backbone:
    """Return a copy whose batch norms have the statistics of x and which computes the same.

    Args:
        model: in either mode, which the copy keeps.
        x: images normalised as for training, enough of them for statistics.
    """
    graph, state = nnx.split(_observing(model))
    return nnx.merge(nnx.graphdef(model), _statistics_taken(graph, state, x))


def _observing(model: Backbone) -> Backbone:
    copy = nnx.merge(*nnx.split(model), copy=True)
    copy.eval()
    copy.set_attributes(rebasing=True, raise_if_not_found=False)
    return copy


@partial(jax.jit, static_argnames="graph")
def _statistics_taken(graph: Any, state: nnx.State, x: Float[Array, "b *spatial c"]) -> nnx.State:
    model = nnx.merge(graph, state, copy=True)
    model(x)
    return nnx.state(model)
