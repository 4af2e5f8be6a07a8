"""The ends of components by rounds over saddles alone; `dense_rounds` tells how rounds go on."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, UInt32

from topojax.topology.device.tree.ends import Ends
from topojax.topology.device.tree.order import ABSENT, Order
from topojax.topology.device.tree.saddles import Saddles


def ends_by_saddles(order: Order, root: UInt32[Array, "B P"], saddles: Saddles) -> Ends:
    """Return the ends of the components that begin at the roots of basins.

    Args:
        order: of voxels (B, P).
        root: keys of the roots of basins.
        saddles: all that there are.
    """
    age = order.key.ravel()
    starts = jnp.arange(len(root), dtype=jnp.int32)[:, None] * root.shape[1]
    root_place = (order.place(root) + starts).ravel()
    used = (saddles.key != ABSENT)[:, None]
    label = jnp.where(used, root_place[saddles.meets], 0)
    weight = jnp.broadcast_to(saddles.key[:, None], label.shape)
    itself = jnp.arange(age.size, dtype=jnp.int32)

    def one_round(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        label, target, death, _ = state
        ages = age[label]
        oldest = jnp.argmin(ages, axis=1, keepdims=True)
        elder = jnp.take_along_axis(label, oldest, axis=1)
        meets = used & (label != label[:, :1]).any(axis=1, keepdims=True)
        way_out = jnp.where(meets, weight, ABSENT)
        first = jnp.full_like(age, ABSENT).at[label].min(way_out)
        ends = meets & (first[label] == weight) & (label != elder)
        ending = jnp.where(ends, label, age.size)
        death = death.at[ending].set(weight, mode="drop")
        target = target.at[ending].set(jnp.broadcast_to(elder, label.shape), mode="drop")
        return _chased(target, label), target, death, ends.any()

    state = label, itself, jnp.full_like(age, ABSENT), jnp.bool_(True)
    _, target, death, _ = jax.lax.while_loop(lambda state: state[3], one_round, state)
    elder = jnp.where(target != itself, age[target], ABSENT)
    return Ends(death.reshape(root.shape), elder.reshape(root.shape))


def _chased(target: Array, label: Array) -> Array:
    """Return where labels end that follow their targets."""

    def step(state: tuple[Array, Array]) -> tuple[Array, Array]:
        label, _ = state
        further = target[label]
        return further, (further != label).any()

    return jax.lax.while_loop(lambda state: state[1], step, (label, jnp.bool_(True)))[0]
