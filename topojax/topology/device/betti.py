"""Betti curves on the device: components, cavities by duality, and what is left of χ."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Int32

from topojax.kernels.arguments import Construction
from topojax.topology.device.curve_programs import curve
from topojax.topology.device.euler import euler_curves_of_levels
from topojax.topology.device.levels import sums_by_level
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.merge_tree import merge_tree
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import (
    ABSENT,
    Order,
    complement_order_of_levels,
    order_of_levels,
)


def betti_curves(
    x: Any, thresholds: Any, mask: Any = None, construction: Construction = "T"
) -> Int32[Array, "d N"]:
    """Compute the Betti numbers of the sublevel set at every threshold.

    Under `jit` and `vmap`, on any device; the same numbers as `topojax.kernels.betti_curves`. Array
    sizes do not depend on the data: where an image has more saddles than there is room for, rounds
    over all voxels take their place, with the same result.

    Args:
        x: (H, W) or (D, H, W), float32, smaller floats or integers of up to 16 bits; float64 where
            jax holds it. A voxel of +inf is absent.
        thresholds: (N,), finite, strictly increasing.
        mask: bool, the image's shape; voxels outside it are absent. None: all voxels.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.

    Returns:
        int32 (d, N): beta_k of {x <= thresholds[i]} at [k, i]; d = 2 or 3. -1 everywhere for an
        image with NaN whose values were not known, inside `jit`.

    Raises:
        TypeError: a dtype that the device would round, or a mask that is not bool.
        ValueError: NaN, wrong shapes, thresholds that do not increase, another construction.

    Example:
        >>> import jax, numpy as np
        >>> from topojax.topology.device import betti_curves
        >>> ring = np.array([[1, 1, 1], [1, 9, 1], [1, 1, 1]], np.float32)
        >>> betti_curves(ring, [0, 1, 9]).tolist()
        [[0, 1, 1], [0, 1, 0]]
        >>> both = jax.jit(jax.vmap(lambda x: betti_curves(x, [0, 1, 9])))
        >>> both(np.stack([ring, -ring])).tolist()
        [[[0, 1, 1], [0, 1, 0]], [[1, 1, 1], [0, 0, 0]]]
    """
    return curve(betti_curves_of_levels, x, thresholds, mask, construction)


def betti_curves_of_levels(
    lattice: Lattice, levels: Int32[Array, "B P"], n_levels: int, top: bool
) -> Int32[Array, "B d N"]:
    """Return Betti numbers of the voxels up to each level; n_levels is absent."""
    dims = len(lattice.shape)
    order = order_of_levels(levels, n_levels)
    first = _components(lattice, order, levels, n_levels, Neighbourhood(dims, top))
    order = complement_order_of_levels(levels, n_levels)
    flipped = n_levels - levels[:, ::-1]
    outside = _components(lattice, order, flipped, n_levels + 1, Neighbourhood(dims, not top))
    # The complement of level i is what is above it, and one of its components is the outside.
    last = outside[:, n_levels - 1 :: -1] - 1
    if dims == 2:
        return jnp.stack([first, last], axis=1)
    euler = euler_curves_of_levels(lattice, levels, n_levels, top)
    return jnp.stack([first, first + last - euler, last], axis=1)


def _components(
    lattice: Lattice,
    order: Order,
    levels: Int32[Array, "B P"],
    n_levels: int,
    neighbourhood: Neighbourhood,
) -> Int32[Array, "B N"]:
    """Return the number of components of the voxels up to each level."""
    tree = merge_tree(order, lattice, neighbourhood)
    begun = sums_by_level(levels, n_levels, tree.is_root.astype(jnp.int32))
    at_death = jnp.take_along_axis(levels, order.place(tree.death), axis=1)
    ended = sums_by_level(at_death, n_levels, (tree.death != ABSENT).astype(jnp.int32))
    return begun - ended
