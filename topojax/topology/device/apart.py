"""Steps that a CPU computes one after the other, and not again for everything that reads them.

XLA's CPU backend fuses a step into what reads it, behind `optimization_barrier` too: a stencil then
computes what it reads anew for each neighbour. It does not look into the branches of a condition
that only the data know.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool


def apart(step: Callable[..., Array], *arrays: Array) -> Array:
    """Return step(*arrays); on a CPU, computed before anything that reads it.

    Args:
        step: of arrays to an array.
        arrays: the first one of numbers, with at least one element, and no constant of the program.
    """
    return jax.lax.platform_dependent(*arrays, cpu=partial(_on_condition, step), default=step)


def _on_condition(step: Callable[..., Array], *arrays: Array) -> Array:
    found = jax.eval_shape(step, *arrays)
    never = partial(jnp.zeros, found.shape, found.dtype)
    return jax.lax.cond(_always(arrays[0]), step, lambda *_: never(), *arrays)


def _always(x: Array) -> Bool[Array, ""]:
    """Return True for a reason that the compiler does not know: no number has over 64 bits."""
    first = x.ravel()[0]
    if jnp.issubdtype(x.dtype, jnp.floating):
        first = jax.lax.bitcast_convert_type(first, f"uint{8 * x.dtype.itemsize}")
    return jnp.bitwise_count(first) <= 64
