"""Euler characteristic curves: what each voxel brings, by its neighbours alone."""

from __future__ import annotations

import itertools
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Int32, UInt32

from topojax.kernels.arguments import Construction
from topojax.topology.device.curve_programs import curve
from topojax.topology.device.levels import sums_by_level
from topojax.topology.device.tree.lattice import Lattice, shifted
from topojax.topology.device.tree.order import ABSENT, order_of_levels


def euler_curve(
    x: Any, thresholds: Any, *, mask: Any = None, construction: Construction = "T"
) -> Int32[Array, " N"]:
    """Count the cells of the sublevel set at every threshold, with alternating sign.

    Under `jit` and `vmap`, on any device; the same numbers as `topojax.kernels.euler_curve`.

    Args:
        x: (H, W) or (D, H, W), float32, smaller floats or integers of up to 16 bits; float64 where
            jax holds it. A voxel of +inf is absent.
        thresholds: (N,), finite, strictly increasing.
        mask: bool, the image's shape; voxels outside it are absent. None: all voxels.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.

    Returns:
        int32 (N,); -1 everywhere for an image with NaN whose values were not known, inside `jit`.

    Raises:
        TypeError: a dtype that the device would round, or a mask that is not bool.
        ValueError: NaN, wrong shapes, thresholds that do not increase, another construction.

    Example:
        >>> from topojax.topology.device import euler_curve
        >>> euler_curve([[1, 1, 1], [1, 9, 1], [1, 1, 1]], [0, 1, 9]).tolist()
        [0, 0, 1]
    """
    return curve(euler_curves_of_levels, x, thresholds, mask, construction)


def euler_curves_of_levels(
    lattice: Lattice, levels: Int32[Array, "B P"], n_levels: int, top: bool
) -> Int32[Array, "B N"]:
    """Return χ of the voxels up to each level; n_levels is absent."""
    brought = brought_to_euler(lattice, order_of_levels(levels, n_levels).key, top)
    return sums_by_level(levels, n_levels, brought)


def brought_to_euler(lattice: Lattice, key: UInt32[Array, "B P"], top: bool) -> Int32[Array, "B P"]:
    """Return what each voxel changes χ by as it enters.

    T: the cells of its cube that no earlier voxel has, so that all others that have them are later.
    V: the cells of which it is the last vertex. Towards each of the 3^d - 1 sides lies one cell.
    """
    dims = len(lattice.shape)
    sides = [side for side in itertools.product((-1, 0, 1), repeat=dims) if any(side)]
    sides.sort(key=lambda side: sum(map(abs, side)))
    neighbours = shifted(key, tuple(map(lattice.distance, sides)), ABSENT)
    is_own: dict[tuple[int, ...], Array] = {}
    brought = jnp.full(key.shape, (-1) ** dims if top else 1, jnp.int32)
    for side, there in zip(sides, neighbours, strict=True):
        own = there > key if top else there < key
        for axis in range(dims):
            less = (*side[:axis], 0, *side[axis + 1 :])
            if side[axis] and any(less):
                own = own & is_own[less]
        is_own[side] = own
        n_axes = sum(map(abs, side))
        dimension = dims - n_axes if top else n_axes
        brought = brought + (-1) ** dimension * own.astype(jnp.int32)
    return brought
