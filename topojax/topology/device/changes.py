"""What each voxel changes the Betti numbers by as it enters."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Num

from topojax.topology.device.batching import for_one_and_many
from topojax.topology.device.euler import brought_to_euler
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.merge_tree import merge_tree
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import (
    ABSENT,
    Order,
    complement_order_of_values,
    order_of_values,
)


def betti_changes(
    x: Num[Array, "*shape"], mask: Bool[Array, "*shape"], *, top: bool
) -> Int32[Array, "d *shape"]:
    """Return how much every Betti number changes with each voxel, 0 for those that are absent.

    Voxels enter in the total order (value, position). The changes of all voxels up to a value sum
    to the Betti numbers there.

    Args:
        x: (H, W) or (D, H, W); a voxel of +inf is absent.
        mask: voxels outside it are absent.
        top: voxels are top-dimensional cells (T), not vertices (V).
    """
    return _one(top)(x, mask)


@lru_cache
def _one(top: bool) -> Any:
    return for_one_and_many(partial(_changes, top))


def _changes(
    top: bool, x: Num[Array, "B *shape"], mask: Bool[Array, "B *shape"]
) -> Int32[Array, "B d *shape"]:
    lattice, dims = Lattice(x.shape[1:]), x.ndim - 1
    present = lattice.pad(mask & (x < jnp.inf), False)
    values = jnp.where(present, lattice.pad(x, 0), jnp.inf)
    order = order_of_values(values, present)
    of_components = _of_components(order, lattice, Neighbourhood(dims, top))
    outside = complement_order_of_values(values, present)
    # Where the complement loses a component, a cavity is filled; where it is cut, one begins.
    of_cavities = -_of_components(outside, lattice, Neighbourhood(dims, not top))[:, ::-1]
    found = [of_components, of_cavities]
    if dims == 3:
        euler = lattice.placed(brought_to_euler(lattice, top, order.key)).astype(jnp.int32)
        found.insert(1, of_components + of_cavities - euler)
    cropped = [lattice.crop(jnp.where(present, one, 0)) for one in found]
    return jnp.stack(cropped, axis=1)


def _of_components(
    order: Order, lattice: Lattice, neighbourhood: Neighbourhood
) -> Int32[Array, "B P"]:
    """Return the components that begin at a voxel, less those that end there."""
    tree = merge_tree(order, lattice, neighbourhood)
    rows = jnp.arange(len(order.key))[:, None]
    ends = (tree.death != ABSENT).astype(jnp.int32)
    return tree.is_root.astype(jnp.int32).at[rows, order.place(tree.death)].add(-ends)
