"""The order in which voxels enter, as unique keys.

As in `topojax.kernels`, voxels enter in the total order (value or level, position), so that no two
are equal and every prefix that ends with a level is the sublevel set there. The complement grows in
the reversed order: its arrays are flipped, which leaves a voxel's neighbours where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Int32, Num, UInt32

ABSENT = np.uint32(2**32 - 1)
"""Key of a voxel that never enters; above all others."""


@dataclass(frozen=True)
class Order:
    """The total order of voxels.

    Attributes:
        key: uint32 (B, P), smaller is earlier; `ABSENT` where there is no voxel.
        places: int32 (B, P), the place of the voxel with key k at [:, k]; None: a key's low bits.
        bits: how many low bits of a key are its place.
    """

    key: UInt32[Array, "B P"]
    places: Int32[Array, "B P"] | None
    bits: int

    def place(self, key: UInt32[Array, "B P"]) -> Int32[Array, "B P"]:
        """Return the places of the voxels of keys, 0 for `ABSENT`."""
        present = key != ABSENT
        if self.places is None:
            return jnp.where(present, key & np.uint32((1 << self.bits) - 1), 0).astype(jnp.int32)
        return jnp.take_along_axis(self.places, jnp.where(present, key, 0).astype(jnp.int32), 1)


jax.tree_util.register_dataclass(Order, data_fields=["key", "places"], meta_fields=["bits"])


def order_of_levels(levels: Int[Array, "B P"], n_levels: int) -> Order:
    """Return the order of levels 0 … n_levels - 1; n_levels is absent."""
    size = levels.shape[1]
    bits = max(1, (size - 1).bit_length())
    present = levels < n_levels
    if n_levels << bits > ABSENT:
        return order_of_values(levels, present)
    key = (levels.astype(jnp.uint32) << bits) | jnp.arange(size, dtype=jnp.uint32)
    return Order(jnp.where(present, key, ABSENT), None, bits)


def complement_order_of_levels(levels: Int[Array, "B P"], n_levels: int) -> Order:
    """Return the reversed order on flipped arrays; absent voxels come first."""
    return order_of_levels(n_levels - levels[:, ::-1], n_levels + 1)


def order_of_values(values: Num[Array, "B P"], present: Bool[Array, "B P"]) -> Order:
    """Return the order of values of the voxels that are present."""
    ranks, places = _ranks(values, present)
    return Order(jnp.where(present, ranks, ABSENT), places, 0)


def complement_order_of_values(values: Num[Array, "B P"], present: Bool[Array, "B P"]) -> Order:
    """Return the reversed order on flipped arrays; absent voxels come first."""
    ranks, places = _ranks(values, present)
    last = values.shape[1] - 1
    return Order(np.uint32(last) - ranks[:, ::-1], last - places[:, ::-1], 0)


def _ranks(
    values: Num[Array, "B P"], present: Bool[Array, "B P"]
) -> tuple[UInt32[Array, "B P"], Int32[Array, "B P"]]:
    """Return every voxel's rank, and the place of each rank; absent voxels are last."""
    places = jnp.lexsort((values, ~present), axis=1).astype(jnp.int32)
    ranks = jnp.broadcast_to(jnp.arange(values.shape[1], dtype=jnp.uint32), values.shape)
    found = jnp.put_along_axis(jnp.zeros_like(ranks), places, ranks, axis=1, inplace=False)
    return found, places
