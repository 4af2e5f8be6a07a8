"""Euler characteristic curves: what each voxel brings, by its neighbours alone."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int8, Int32, Integer

from topojax.kernels.arguments import Construction
from topojax.topology.device.apart import apart
from topojax.topology.device.curve_programs import curve
from topojax.topology.device.levels import sums_by_level
from topojax.topology.device.tree.lattice import Lattice


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
    # Bytes where they suffice: four times as many fit a processor's registers.
    small = levels.astype(jnp.uint8) if n_levels <= np.iinfo(np.uint8).max else levels
    brought = apart(partial(brought_to_euler, lattice, top), small)
    return sums_by_level(lattice.within(small), n_levels, brought)


def brought_to_euler(lattice: Lattice, top: bool, key: Integer[Array, "B P"]) -> Int8[Array, "B Q"]:
    """Return what each voxel changes χ by as it enters, of the places that are `lattice.within`.

    T: the cells of its cube that no earlier voxel has, so that all others that have them are later.
    V: the cells of which it is the last vertex. Towards each of the 3^d - 1 sides lies one cell.

    Args:
        lattice: of the images.
        top: voxels are top-dimensional cells (T), not vertices (V).
        key: what orders voxels, of any integer type, that of absent ones above all others; of equal
            ones the first in place is earlier. What absent voxels bring has no meaning.
    """
    dims = len(lattice.shape)
    sides = [side for side in itertools.product((-1, 0, 1), repeat=dims) if any(side)]
    sides.sort(key=lambda side: sum(map(abs, side)))
    here = lattice.within(key)
    is_own: dict[tuple[int, ...], Array] = {}
    brought = jnp.full(here.shape, (-1) ** dims if top else 1, jnp.int8)
    for side in sides:
        offset = lattice.distance(side)
        there = lattice.within(key, offset)
        is_later = there >= here if offset > 0 else there > here
        own = is_later if top else ~is_later
        for axis in range(dims):
            less = (*side[:axis], 0, *side[axis + 1 :])
            if side[axis] and any(less):
                own = own & is_own[less]
        is_own[side] = own
        n_axes = sum(map(abs, side))
        dimension = dims - n_axes if top else n_axes
        brought = brought + (-1) ** dimension * own.astype(jnp.int8)
    return brought
