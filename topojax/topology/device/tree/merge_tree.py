"""The merge tree of a filtration: where components begin, end, and which they join."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, UInt32

from topojax.topology.device.tree.basins import find_basins, followed
from topojax.topology.device.tree.compact_rounds import ends_by_saddles
from topojax.topology.device.tree.dense_rounds import ends_by_all
from topojax.topology.device.tree.ends import Ends
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import ABSENT, Order
from topojax.topology.device.tree.saddles import list_saddles, mark_saddles

_VOXELS_A_SADDLE = {2: (16, 4), 3: (64, 24, 5)}
"""Rooms for one saddle in so many voxels, by dimensions: a little more than smooth images need, two
to three times that, and a little more than independent noise needs. Images that need more yet are
joined by rounds over all voxels. A round reads all of the room that is taken."""
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
    marked = mark_saddles(order, lattice, neighbourhood)

    def by_list(room: int) -> Ends:
        saddles = list_saddles(order, lattice, neighbourhood, marked, room)
        return ends_by_saddles(order, basins.root, saddles)

    join = partial(ends_by_all, order, basins.root, offsets)
    for room in sorted(_rooms(order.key.size, neighbourhood.dims), reverse=True):
        join = partial(jax.lax.cond, marked.n <= room, partial(by_list, room), join)
    ends = join()
    return MergeTree(basins.root, basins.is_root, ends.death, ends.elder)


def _rooms(n_voxels: int, dims: int) -> set[int]:
    """Return how many saddles the lists hold that are tried."""
    return {min(n_voxels, max(_LEAST_ROOM, n_voxels // share)) for share in _VOXELS_A_SADDLE[dims]}


def last_roots(order: Order, tree: MergeTree) -> UInt32[Array, "B P"]:
    """Return the key of the root of the component that each voxel is in when all have entered."""
    joined = jnp.where(tree.death != ABSENT, tree.elder, tree.basin)
    return followed(order, joined)
