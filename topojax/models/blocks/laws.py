"""Laws of initial weights, as functions of standard normal draws.

Every parameter carries its own as metadata `law`.

Frozen dataclasses rather than closures, so that equal networks have equal graph definitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@dataclass(frozen=True)
class Constant:
    """The same value everywhere; nothing is drawn."""

    value: float


@dataclass(frozen=True)
class Normal:
    """A centred normal law."""

    std: float

    def __call__(self, normals: Float[Array, " ..."]) -> Float[Array, " ..."]:
        return self.std * normals


@dataclass(frozen=True)
class TruncatedNormal:
    """A centred normal law cut off at ±2, as torch's `trunc_normal_` has it by default."""

    std: float

    def __call__(self, normals: Float[Array, " ..."]) -> Float[Array, " ..."]:
        # Cut-offs are at 2 / std standard deviations: beyond 12 of them nothing is ever drawn.
        bound = min(2 / self.std, 12.0)
        uniform = jax.lax.erf(normals / sqrt(2)) * jax.lax.erf(jnp.float32(bound / sqrt(2)))
        limit = 1 - jnp.finfo(jnp.float32).epsneg
        return self.std * sqrt(2) * jax.lax.erf_inv(jnp.clip(uniform, -limit, limit))


@dataclass(frozen=True)
class Uniform:
    """A uniform law on ±bound."""

    bound: float

    def __call__(self, normals: Float[Array, " ..."]) -> Float[Array, " ..."]:
        # erf takes a standard normal to a uniform in (-1, 1), and compiles faster than another
        # random kernel.
        return self.bound * jax.lax.erf(normals / sqrt(2))


Law: TypeAlias = Constant | Normal | TruncatedNormal | Uniform


def fan_out_normal(window: tuple[int, ...], c_out: int, groups: int = 1) -> Normal:
    """Variance 2 / fan_out (He et al. 2015), for ReLU networks."""
    return Normal(sqrt(2 / (prod(window) * c_out / groups)))


def fan_in_uniform(fan_in: int) -> Uniform:
    """±1 / √fan_in: what torch's layers start from by default, kernel and bias."""
    return Uniform(1 / sqrt(fan_in))
