"""Basins: every voxel points to its earliest neighbour, and the pointers end at roots."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt32

from topojax.topology.device.tree.lattice import shifted
from topojax.topology.device.tree.order import ABSENT, Order


class Basins(NamedTuple):
    """Where voxels drain to.

    Attributes:
        root: uint32 (B, P), key of the root of a voxel's basin; `ABSENT` where there is no voxel.
        is_root: bool (B, P), whether none of a voxel's neighbours is earlier.
    """

    root: UInt32[Array, "B P"]
    is_root: Bool[Array, "B P"]


def find_basins(order: Order, offsets: tuple[int, ...]) -> Basins:
    """Return the basins of voxels that enter in an order.

    Args:
        order: of voxels (B, P).
        offsets: distances to the neighbours that a voxel may be joined to.
    """
    earliest = order.key
    for neighbour in shifted(order.key, offsets, ABSENT):
        earliest = jnp.minimum(earliest, neighbour)
    present = order.key != ABSENT
    earliest = jnp.where(present, earliest, ABSENT)
    return Basins(followed(order, earliest), present & (earliest == order.key))


def followed(order: Order, target: UInt32[Array, "B P"]) -> UInt32[Array, "B P"]:
    """Return where pointers from voxel to key end, by doubling their length (pointer jumping)."""

    def jump(state: tuple[Array, Array]) -> tuple[Array, Array]:
        target, _ = state
        further = jnp.take_along_axis(target, order.place(target), axis=1)
        further = jnp.where(target == ABSENT, ABSENT, further)
        return further, (further != target).any()

    return jax.lax.while_loop(lambda state: state[1], jump, (target, jnp.bool_(True)))[0]
