"""Persistence pairs of dimensions 0 and d - 1 on the device, in arrays of fixed size."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int32, Num

from topojax.kernels.arguments import Construction, check_construction
from topojax.topology.device.arguments import check_image, check_mask, has_nan
from topojax.topology.device.batching import for_one_and_many
from topojax.topology.device.tree.lattice import Lattice
from topojax.topology.device.tree.merge_tree import merge_tree
from topojax.topology.device.tree.neighbourhood import Neighbourhood
from topojax.topology.device.tree.order import (
    ABSENT,
    complement_order_of_values,
    order_of_values,
)


class PersistencePairs(NamedTuple):
    """Bars as the voxels at which they begin and end, and places that are not used.

    Attributes:
        birth: int32 (K,), flat C-order index of a voxel whose value is the birth; 0 if not used.
        death: int32 (K,), the same for the death; -1 where the bar never ends; 0 if not used.
        is_bar: bool (K,), which places are used.
        n_bars: int32 (), how many bars there are: above K, all but the first K are left out; -1 for
            an image with NaN whose values were not known, inside `jit`.

    Example:
        >>> from topojax.topology.device import persistence_pairs
        >>> pairs = persistence_pairs([[1, 1, 1], [1, 9, 1], [1, 1, 1]], 1, size=2)
        >>> pairs.death[pairs.is_bar].tolist(), int(pairs.n_bars)
        ([4], 1)
    """

    birth: Int32[Array, " K"]
    death: Int32[Array, " K"]
    is_bar: Bool[Array, " K"]
    n_bars: Int32[Array, ""]


def persistence_pairs(
    x: Any,
    dim: int,
    mask: Any = None,
    construction: Construction = "T",
    *,
    size: int | None = None,
) -> PersistencePairs:
    """Compute the bars of dimension 0 or d - 1 and the voxels at which they begin and end.

    Under `jit` and `vmap`, on any device; the bars of `topojax.kernels.persistence_pairs`, which
    alone gives those of dimension 1 of volumes.

    Args:
        x, mask, construction: as `betti_curves`.
        dim: 0, or d - 1 for an image of d dimensions.
        size: K, places for bars; None: as many as an image of that shape can have.

    Returns:
        The bars that have a length, in the order of their births' places for dimension 0, of their
        deaths', from the last on, for dimension d - 1.

    Raises:
        TypeError, ValueError: as `betti_curves`, another dimension, or a size below 1.

    Example:
        >>> from topojax.topology.device import persistence_pairs
        >>> ring = [[1, 1, 1], [1, 9, 1], [1, 1, 1]]
        >>> pairs = persistence_pairs(ring, 1, size=2)
        >>> pairs.birth.tolist(), pairs.death.tolist(), pairs.is_bar.tolist(), int(pairs.n_bars)
        ([7, 0], [4, 0], [True, False], 1)
    """
    top = check_construction(construction)
    image = check_image(x)
    if dim not in (0, image.ndim - 1):
        raise ValueError(f"dim={dim}; expected 0 or {image.ndim - 1} for a {image.ndim}-D image")
    most = most_bars(image.shape, joins_corners=top == (dim == 0))
    if size is not None and size < 1:
        raise ValueError(f"size={size}; expected at least 1, or None")
    pairs = _one(top, dim > 0, most if size is None else size)
    return pairs(image, check_mask(mask, image.shape))


def most_bars(shape: tuple[int, ...], *, joins_corners: bool) -> int:
    """Return how many voxels of an image can have no earlier neighbour."""
    if joins_corners:
        return max(1, math.prod(-(-length // 2) for length in shape))
    return max(1, -(-math.prod(shape) // 2))


@lru_cache
def _one(top: bool, of_cavities: bool, size: int) -> Any:
    return for_one_and_many(partial(_pairs, top, of_cavities, size))


def _pairs(
    top: bool,
    of_cavities: bool,
    size: int,
    x: Num[Array, "B *shape"],
    mask: Bool[Array, "B *shape"],
) -> PersistencePairs:
    lattice = Lattice(x.shape[1:])
    present = lattice.pad(mask & (x < jnp.inf), False)
    values = jnp.where(present, lattice.pad(x, 0), jnp.inf)
    order_of = complement_order_of_values if of_cavities else order_of_values
    neighbourhood = Neighbourhood(x.ndim - 1, top != of_cavities)
    order = order_of(values, present)
    tree = merge_tree(order, lattice, neighbourhood)
    root = jnp.broadcast_to(jnp.arange(lattice.size), order.key.shape)
    end, ends = order.place(tree.death), tree.death != ABSENT
    if of_cavities:
        # On flipped arrays; a cavity is born where two parts of the complement meet, which is why
        # the outside, which meets none that is older, is no cavity.
        birth, death = lattice.size - 1 - end, lattice.size - 1 - root
        is_bar, has_death = tree.is_root & ends, jnp.bool_(True)
    else:
        birth, death, is_bar, has_death = root, end, tree.is_root, ends
    at_birth = jnp.take_along_axis(values, birth, axis=1)
    at_death = jnp.where(has_death, jnp.take_along_axis(values, death, axis=1), jnp.inf)
    is_bar = is_bar & (at_birth < at_death)
    index = lattice.image_index()
    never = jnp.isinf(at_death)
    is_bad = has_nan(x, mask)
    n_bars = jnp.where(is_bad, -1, is_bar.sum(axis=1, dtype=jnp.int32))
    row = jax.vmap(partial(jnp.nonzero, size=size, fill_value=-1))(is_bar & ~is_bad[:, None])[0]
    used = row >= 0
    birth, death, never = (
        jnp.take_along_axis(found, row, axis=1) for found in (birth, death, never)
    )
    return PersistencePairs(
        jnp.where(used, index[birth], 0),
        jnp.where(used, jnp.where(never, -1, index[death]), 0),
        used,
        n_bars,
    )
