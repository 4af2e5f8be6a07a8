"""The ends of components by rounds over all voxels: no buffer, whatever the images are.

Round by round, each component looks for its first way out: the earliest voxel at which it meets
another one. Up to then it was alone, so that it ends there if what it meets has an older root
(elder rule), and waits where the others are younger: they end first. Of the components whose way
out is the earliest of all, one always ends, so that the rounds come to an end. Boruvka (1926) joins
components in such rounds; the elder rule is Edelsbrunner and Harer's (2010).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, UInt32

from topojax.topology.device.tree.basins import followed
from topojax.topology.device.tree.ends import Ends
from topojax.topology.device.tree.lattice import shifted
from topojax.topology.device.tree.order import ABSENT, Order


def ends_by_all(order: Order, root: UInt32[Array, "B P"], offsets: tuple[int, ...]) -> Ends:
    """Return the ends of the components that begin at the roots of basins.

    Args:
        order: of voxels (B, P).
        root: keys of the roots of basins.
        offsets: distances to the neighbours that a voxel may be joined to.
    """
    key = order.key

    def one_round(state: tuple[Array, Ends, Array]) -> tuple[Array, Ends, Array]:
        root, known, _ = state
        way_out, oldest = _ways_out(key, root, offsets)
        first = _first_by_root(order, root, way_out)
        met = jnp.take_along_axis(oldest, order.place(first), axis=1)
        ends = (root == key) & (first != ABSENT) & (met < key)
        known = Ends(jnp.where(ends, first, known.death), jnp.where(ends, met, known.elder))
        return followed(order, jnp.where(ends, met, root)), known, ends.any()

    state = root, Ends.none(key), jnp.bool_(True)
    return jax.lax.while_loop(lambda state: state[2], one_round, state)[1]


def _ways_out(
    key: UInt32[Array, "B P"], root: UInt32[Array, "B P"], offsets: tuple[int, ...]
) -> tuple[UInt32[Array, "B P"], UInt32[Array, "B P"]]:
    """Return what each voxel's neighbours tell it.

    The key of the earliest voxel, itself or a neighbour, at which it meets another component, and
    the oldest root among itself and its earlier neighbours.
    """
    way_out, oldest = jnp.full_like(key, ABSENT), root
    pairs = zip(shifted(key, offsets, ABSENT), shifted(root, offsets, ABSENT), strict=True)
    for key_there, root_there in pairs:
        meeting = jnp.maximum(key, key_there)
        way_out = jnp.where(root_there != root, jnp.minimum(way_out, meeting), way_out)
        oldest = jnp.where(key_there < key, jnp.minimum(oldest, root_there), oldest)
    return way_out, oldest


def _first_by_root(
    order: Order, root: UInt32[Array, "B P"], way_out: UInt32[Array, "B P"]
) -> UInt32[Array, "B P"]:
    """Return at every root's place its component's first way out, elsewhere `ABSENT`."""
    rows = jnp.arange(len(root))[:, None]
    none = jnp.full_like(way_out, ABSENT)
    # What is absent has place 0, and its way out, which is ABSENT, changes nothing there.
    return none.at[rows, order.place(root)].min(way_out)
