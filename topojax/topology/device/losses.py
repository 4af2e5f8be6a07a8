"""Topology as a loss and as a metric of segmentations, inside `jit`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from topojax.kernels.arguments import Construction
from topojax.topology.betti_error import check_masks, patches
from topojax.topology.device.betti import betti_curves
from topojax.topology.device.soft import soft_betti_curves


def topology_loss(
    x: Any,
    target: Any,
    thresholds: Any,
    temperature: Any,
    mask: Any = None,
    construction: Construction = "T",
) -> Float[Array, ""]:
    """Return how far Betti numbers of sublevel sets are from what they should be, with gradients.

    The mean over dimensions and thresholds of (soft β - target)². The foreground of a probability
    map p is a sublevel set of 1 - p; thresholds about 0.5 make it robust.

    Args:
        x, thresholds, temperature, mask, construction: as `soft_betti_curves`.
        target: (d,), the Betti numbers that are wanted.

    Raises:
        TypeError, ValueError: as `soft_betti_curves`, or a target of another length.

    Example:
        >>> import numpy as np
        >>> from topojax.topology.device import topology_loss
        >>> ring = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
        >>> losses = [topology_loss(ring, target, [0.5], 0.01) for target in ([1, 1], [1, 0])]
        >>> [round(float(loss), 3) for loss in losses]
        [0.0, 0.5]
    """
    wanted = jnp.asarray(target)
    dims = np.ndim(x)
    if wanted.shape != (dims,):
        raise ValueError(f"target has shape {wanted.shape}; expected ({dims},), β0 to β{dims - 1}")
    curves = soft_betti_curves(x, thresholds, temperature, mask, construction)
    return ((curves - wanted[:, None]) ** 2).mean()


def betti_error(
    prediction: Any,
    reference: Any,
    patch: int | tuple[int, ...] | None = None,
    construction: Construction = "T",
) -> Float[Array, ""]:
    """Return the mean over dimensions and patches of |β - β'|, float32.

    `topojax.topology.betti_error` on the device, inside `jit` and `vmap`.

    Args:
        prediction, reference, patch, construction: as there.

    Raises:
        DataError: as there.

    Example:
        >>> import numpy as np
        >>> from topojax.topology.device import betti_error
        >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
        >>> float(betti_error(np.ones((3, 3), bool), ring))
        0.5
    """
    shape, lengths = check_masks(prediction, reference, patch)
    inside = patches(jnp.ones(shape, bool), lengths)

    def numbers(mask: Any) -> Array:
        outside = ~patches(jnp.asarray(mask), lengths)
        curves = jax.vmap(lambda x, m: betti_curves(x, [0], m, construction))
        return curves(outside.astype(jnp.float32), inside)

    return jnp.abs(numbers(prediction) - numbers(reference)).mean(dtype=jnp.float32)
