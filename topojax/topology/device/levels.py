"""Levels of voxels, and sums of what voxels bring over levels."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Num

_COUNTED = 64
"""So many thresholds are compared with every voxel; among more, each voxel searches."""
_COPIES = 64
"""Of each sum, so that threads which add at once seldom add to the same number."""


def levels_of(
    x: Num[Array, "B *shape"], thresholds: Num[Array, "B N"], mask: Bool[Array, "B *shape"]
) -> Int32[Array, "B *shape"]:
    """Return for every voxel the number of thresholds below its value; N where it is absent."""
    n = thresholds.shape[1]
    if n <= _COUNTED:
        level = _counted(x, thresholds)
    else:
        search = jax.vmap(lambda t, one: jnp.searchsorted(t, one, method="scan_unrolled"))
        level = search(thresholds, x).astype(jnp.int32)
    return jnp.where(mask, level, n)


def _counted(x: Num[Array, "B *shape"], thresholds: Num[Array, "B N"]) -> Int32[Array, "B *shape"]:
    """Return the number of thresholds below each value, by comparing it with all of them.

    A loop of two halves: what a loop gives, XLA does not fuse with what follows, and would compute
    five times as long on a CPU if it did.
    """
    n = thresholds.shape[1]
    half = n // 2

    def above(level: Array, columns: Num[Array, "B k"]) -> Array:
        for k in range(columns.shape[1]):
            level = level + (x > columns[:, k].reshape(len(x), *(1,) * (x.ndim - 1)))
        return level

    def with_half(k: Array, level: Array) -> Array:
        return above(level, jax.lax.dynamic_slice_in_dim(thresholds, k * half, half, axis=1))

    rest = above(jnp.zeros(x.shape, jnp.int32), thresholds[:, 2 * half :])
    return jax.lax.fori_loop(0, 2, with_half, rest)


def sums_by_level(
    level: Int32[Array, "B P"], n_levels: int, brought: Int32[Array, "B P"]
) -> Int32[Array, "B N"]:
    """Return what voxels of levels up to each of 0 … n_levels - 1 bring together."""
    (n_rows, size), shape = level.shape, (len(level), _COPIES, n_levels + 1)
    copies = jnp.arange(n_rows)[:, None] * _COPIES + jnp.arange(size) % _COPIES
    places = (copies * (n_levels + 1) + level).ravel()
    at_level = jnp.zeros(math.prod(shape), jnp.int32)
    at_level = at_level.at[places].add(brought.ravel(), mode="promise_in_bounds")
    return jnp.cumsum(at_level.reshape(shape).sum(axis=1)[:, :n_levels], axis=1)
