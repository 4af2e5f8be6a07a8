"""Saddles: the voxels at which components may meet, listed in a buffer of fixed size.

A voxel whose earlier neighbours are one component joins nothing (`kernels/ALGORITHM.md`). Few are
left: 2 % of the voxels of a smooth volume.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int32, UInt32

from topojax.topology.device.tree.lattice import Lattice, shifted
from topojax.topology.device.tree.neighbourhood import Neighbourhood, lowest_bit
from topojax.topology.device.tree.order import ABSENT, Order

_STEPS = 4
"""Of the flood that tests all voxels; what it does not reach makes a saddle too many, no less."""


class Marked(NamedTuple):
    """Which voxels are saddles.

    Attributes:
        word: uint32 (B, P), the bits of a voxel's earlier neighbours.
        is_saddle: bool (B, P).
        n: int32 (), how many there are in all images.
    """

    word: UInt32[Array, "B P"]
    is_saddle: Bool[Array, "B P"]
    n: Int32[Array, ""]


class Saddles(NamedTuple):
    """K places for saddles of B images, one list for all.

    Attributes:
        key: uint32 (K,), of the saddle; `ABSENT` in places that are not used.
        meets: int32 (K, M), place in the flat (B P) voxels of a neighbour in each component that
            meets there, the first one's repeated where there are fewer.
    """

    key: UInt32[Array, " K"]
    meets: Int32[Array, "K M"]


def mark_saddles(order: Order, lattice: Lattice, neighbourhood: Neighbourhood) -> Marked:
    """Return which voxels are saddles, of voxels that enter in an order."""
    key = order.key
    word = jnp.zeros_like(key)
    steps = neighbourhood.steps
    offsets = tuple(lattice.distance(step) for step in steps)
    for step, there in zip(steps, shifted(key, offsets, ABSENT), strict=True):
        word = word | ((there < key).astype(jnp.uint32) << neighbourhood.bit(step))
    reached = neighbourhood.flood(neighbourhood.first(word), word, _STEPS)
    is_saddle = (neighbourhood.first(word & ~reached) != 0) & (key != ABSENT)
    return Marked(word, is_saddle, is_saddle.sum())


def list_saddles(
    order: Order, lattice: Lattice, neighbourhood: Neighbourhood, marked: Marked, capacity: int
) -> Saddles:
    """Return the first `capacity` of the saddles of all images."""
    (place,) = jnp.nonzero(marked.is_saddle.ravel(), size=capacity, fill_value=-1)
    used = place >= 0
    words = jnp.where(used, marked.word.ravel()[place], 0)
    return Saddles(
        jnp.where(used, order.key.ravel()[place], ABSENT),
        place[:, None] + _components(lattice, neighbourhood, words),
    )


def _components(
    lattice: Lattice, neighbourhood: Neighbourhood, word: UInt32[Array, " K"]
) -> Int32[Array, "K M"]:
    """Return the distance to a neighbour in each component of words' bits."""
    by_bit = np.zeros(32, np.int32)
    for step in neighbourhood.steps:
        by_bit[neighbourhood.bit(step)] = lattice.distance(step)
    distances = jnp.asarray(by_bit)
    seed = neighbourhood.first(word)
    n_most = neighbourhood.most_components
    meets = jnp.broadcast_to(distances[lowest_bit(seed)], (n_most, len(word)))

    def take_one(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        n, meets, rest = state
        seed = neighbourhood.first(rest)
        there = jnp.where(seed != 0, distances[lowest_bit(seed)], meets[0])
        return n + 1, meets.at[n].set(there), rest & ~neighbourhood.flooded(seed, rest)

    def is_left(state: tuple[Array, Array, Array]) -> Array:
        return (state[0] < n_most) & (neighbourhood.first(state[2]) != 0).any()

    state = jnp.int32(1), meets, word & ~neighbourhood.flooded(seed, word)
    return jax.lax.while_loop(is_left, take_one, state)[1].T
