"""The merge tree of a filtration: where components begin, end, and which they join."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt32

from topojax.topology.device.tree.basins import find_basins, followed
from topojax.topology.device.tree.compact_rounds import ends_by_saddles
from topojax.topology.device.tree.dense_rounds import ends_by_all
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import ABSENT, Order
from topojax.topology.device.tree.saddles import find_saddles

_VOXELS_A_SADDLE = {2: 16, 3: 32}
"""Room for one saddle in so many voxels, by dimensions: about three times what smooth images need.
Images that need more, such as noise, are joined by rounds over all voxels."""
_LEAST_ROOM = 64


class MergeTree(NamedTuple):
    """Components from root to end.

    Attributes:
        basin: uint32 (B, P), key of the root of a voxel's basin; `ABSENT` where there is no voxel.
        is_root: bool (B, P), whether a component begins at a voxel.
        death: uint32 (B, P), at a root's place the key of the voxel at which its component joins an
            older one; `ABSENT` where it never does, and at all other voxels.
        elder: uint32 (B, P), at a root's place the key of a root of that older component.
    """

    basin: UInt32[Array, "B P"]
    is_root: Bool[Array, "B P"]
    death: UInt32[Array, "B P"]
    elder: UInt32[Array, "B P"]


def merge_tree(order: Order, lattice: Lattice, neighbourhood: Neighbourhood) -> MergeTree:
    """Return the merge tree of voxels that enter in an order.

    Args:
        order: of the voxels of B images.
        lattice: of the images.
        neighbourhood: what a voxel is joined to.
    """
    offsets = tuple(lattice.distance(step) for step in neighbourhood.joined)
    basins = find_basins(order, offsets)
    room = max(_LEAST_ROOM, order.key.size // _VOXELS_A_SADDLE[neighbourhood.dims])
    saddles = find_saddles(order, lattice, neighbourhood, min(room, order.key.size))
    ends = jax.lax.cond(
        saddles.fits,
        lambda: ends_by_saddles(order, basins.root, saddles),
        lambda: ends_by_all(order, basins.root, offsets),
    )
    return MergeTree(basins.root, basins.is_root, ends.death, ends.elder)


def last_roots(order: Order, tree: MergeTree) -> UInt32[Array, "B P"]:
    """Return the key of the root of the component that each voxel is in when all have entered."""
    joined = jnp.where(tree.death != ABSENT, tree.elder, tree.basin)
    return followed(order, joined)
