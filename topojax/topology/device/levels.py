"""Levels of voxels, and sums of what voxels bring over levels."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Integer, Num

_UNROLLED = 64
_COPIES = 64
"""Of each sum, so that threads which add at once seldom add to the same number."""


def levels_of(
    x: Num[Array, "B *shape"], thresholds: Num[Array, "B N"], mask: Bool[Array, "B *shape"]
) -> Int32[Array, "B *shape"]:
    """Return for every voxel the number of thresholds below its value; N where it is absent."""
    n = thresholds.shape[1]
    if n <= _UNROLLED:
        columns = thresholds.reshape(len(x), n, *(1,) * (x.ndim - 1))
        level = jnp.zeros(x.shape, jnp.int32)
        for k in range(n):
            level = level + (x > columns[:, k])
    else:
        search = jax.vmap(lambda t, one: jnp.searchsorted(t, one, method="scan_unrolled"))
        level = search(thresholds, x).astype(jnp.int32)
    return jnp.where(mask, level, n)


def sums_by_level(
    level: Integer[Array, "B P"], n_levels: int, brought: Integer[Array, "B P"]
) -> Int32[Array, "B N"]:
    """Return what voxels of levels up to each of 0 … n_levels - 1 bring together."""
    (n_rows, size), shape = level.shape, (len(level), _COPIES, n_levels + 1)
    copies = jnp.arange(n_rows)[:, None] * _COPIES + jnp.arange(size) % _COPIES
    places = (copies * (n_levels + 1) + level.astype(jnp.int32)).ravel()
    at_level = jnp.zeros(math.prod(shape), jnp.int32)
    at_level = at_level.at[places].add(brought.ravel().astype(jnp.int32), mode="promise_in_bounds")
    return jnp.cumsum(at_level.reshape(shape).sum(axis=1)[:, :n_levels], axis=1)
