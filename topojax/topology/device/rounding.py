"""Arithmetic that rounds as the processor's does, whatever a compiler makes of it.

A compiler may fuse a product with the sum that it goes into, which leaves out a rounding, and may
multiply by the inverse of a constant in place of dividing by it. `optimization_barrier` does not
keep XLA's CPU backend from the former. What does is a number that is 0 whenever the program runs,
which only the data know.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

_BITS = {"float32": jnp.int32, "float64": jnp.int64}


def unfused(product: Float[Array, "..."], never: Bool[Array, "..."]) -> Float[Array, "..."]:
    """Return a product that no compiler can fuse with a sum.

    Args:
        product: float32, or float64 where jax holds it.
        never: False, for a reason that the compiler does not know; it is broadcast.
    """
    bits = _BITS[product.dtype.name]
    kept = jax.lax.bitcast_convert_type(product, bits) | never.astype(bits)
    return jax.lax.bitcast_convert_type(kept, product.dtype)


def quotient(a: Float[Array, "..."], b: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return a / b, float32, as IEEE division rounds it, which that of a GPU does not.

    By float64, rounded once more, which for quotients of float32 is as good as once (Figueroa
    1995).

    Args:
        a: float32.
        b: float32, no constant of the program.
    """
    with jax.enable_x64(True):
        return (a.astype(jnp.float64) / b.astype(jnp.float64)).astype(jnp.float32)
