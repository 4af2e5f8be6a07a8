"""Regions of interest inside `jit`: the voxels that the kernels find."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Num

from topojax.kernels.roi.flatness import is_flat
from topojax.topology.device.rounding import quotient, unfused

_STEPS = 8
"""Floats on either side of the estimated cut among which the cut is; two suffice."""


def regions_of_interest(
    maps: Num[Array, "B L *shape"],
    weights: Float[Array, "B L"],
    taus: Float[Array, " B"],
    *,
    rescale: bool = True,
) -> tuple[Bool[Array, "B *shape"], Bool[Array, " B"]]:
    """Return M >= τ of B maps by B rules, and which would have been empty.

    Equal to `topojax.kernels.regions_of_interest`, voxel by voxel: sums are taken in its order, and
    products and quotients rounded as there.

    Args:
        maps: uint8, in units of 1/255, or float32 in [0, 1].
        weights: float32, not negative, not all zero.
        taus: float32, in (0, 1].
        rescale: scale fused maps to [0, 1] before they are thresholded.

    Returns:
        The regions; one that would be empty becomes the voxels of the map's maximum.

    Example:
        >>> maps = jnp.array([[[[0, 51], [102, 255]]]], jnp.uint8)
        >>> masks, empty = regions_of_interest(maps, jnp.ones((1, 1)), jnp.array([0.4]))
        >>> masks.tolist(), empty.tolist()
        ([[[False, False], [True, True]]], [False])
    """
    never = taus < 0
    totals = _totals(maps, weights, never)
    rows = totals.reshape(len(totals), -1)
    lowest, highest = rows.min(axis=1), rows.max(axis=1)
    if rescale:
        flat = is_flat(lowest, highest)
        offset, unit = lowest, jnp.where(flat, jnp.inf, highest - lowest)
    else:
        offset, unit = jnp.zeros_like(lowest), _unit(maps) + never.astype(jnp.float32)
    most = quotient(highest - offset, unit)
    empty = most < taus
    value = jnp.where(empty, most, taus)
    all_reach = quotient(lowest - offset, unit) >= value
    cut = jnp.where(all_reach, lowest, _cut(value, offset, unit))
    return totals >= cut.reshape(-1, *(1,) * (totals.ndim - 1)), empty


def _unit(maps: Num[Array, "..."]) -> float:
    return 255.0 if maps.dtype == jnp.uint8 else 1.0


def _totals(
    maps: Num[Array, "B L *shape"], weights: Float[Array, "B L"], never: Bool[Array, " B"]
) -> Float[Array, "B *shape"]:
    """Return weighted sums, layer after layer, each product rounded before it is added."""
    last = (1,) * (maps.ndim - 2)
    products = weights.reshape(*weights.shape, *last) * maps.astype(jnp.float32)
    products = unfused(products, never.reshape(-1, 1, *last))
    total = products[:, 0]
    for layer in range(1, maps.shape[1]):
        total = total + products[:, layer]
    return total


def _cut(
    value: Float[Array, " B"], offset: Float[Array, " B"], unit: Float[Array, " B"]
) -> Float[Array, " B"]:
    """Return the least total whose scaled value reaches `value`, which not all totals do."""
    estimate = jnp.where(jnp.isinf(unit), 0.0, value * unit) + offset
    # Floats that are not negative have the order of their bits.
    bits = jax.lax.bitcast_convert_type(estimate, jnp.int32)
    near = jnp.maximum(bits[:, None] + jnp.arange(-_STEPS, _STEPS + 1, dtype=jnp.int32), 0)
    totals = jax.lax.bitcast_convert_type(near, jnp.float32)
    above = jnp.maximum(totals - offset[:, None], 0)
    reaches = quotient(above, unit[:, None]) >= value[:, None]
    first: Int[Array, " B"] = jnp.argmax(reaches, axis=1)
    return jnp.take_along_axis(totals, first[:, None], axis=1)[:, 0]
