"""Initial weights as torchvision draws them, for a whole network in one compiled call.

Drawing array by array costs several seconds of compilation (one random kernel a shape).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

_BLOCK = 2**18


@dataclass(frozen=True)
class FanInUniform:
    """torch's initial `Linear`: kernel and bias uniform in ±1/√fan_in.

    A dataclass rather than a closure, so that equal networks have equal graph definitions.
    """

    fan_in: int

    def __call__(self, key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
        bound = self.fan_in**-0.5
        return jax.random.uniform(key, shape, dtype, -bound, bound)


def linear(n_in: int, n_out: int, *, rngs: nnx.Rngs) -> nnx.Linear:
    """Return a linear layer that starts as torch's."""
    init = FanInUniform(n_in)
    return nnx.Linear(n_in, n_out, kernel_init=init, bias_init=init, rngs=rngs)


def initial_state(abstract: nnx.State, key: Array) -> nnx.State:
    """Fill a residual network's state.

    Convolutions: normal of variance 2 / fan_out (He et al. 2015). Batch norm: scale and variance
    1, bias and mean 0. Head: as torch's `Linear`.

    Args:
        abstract: state with shapes in place of arrays.
        key: of all the draws.
    """
    flat = nnx.to_flat_state(abstract)
    paths = tuple(flat.paths)
    shapes = tuple(leaf.shape for leaf in flat.leaves)
    arrays = _initial_arrays(key, paths, shapes)
    filled = [leaf.replace(array) for leaf, array in zip(flat.leaves, arrays, strict=True)]
    return nnx.from_flat_state(zip(paths, filled, strict=True))


@partial(jax.jit, static_argnames=("paths", "shapes"))
def _initial_arrays(
    key: Array, paths: tuple[tuple, ...], shapes: tuple[tuple[int, ...], ...]
) -> list[Array]:
    head_bound = dict(zip(paths, shapes, strict=True))["head", "linear", "kernel"][0] ** -0.5
    normals = _standard_normals(key, sum(map(prod, shapes)))
    arrays, used = [], 0
    for path, shape in zip(paths, shapes, strict=True):
        draws = normals[used : used + prod(shape)].reshape(shape)
        used += prod(shape)
        if path[0] == "head":
            # erf takes a standard normal to a uniform in (-1, 1), and compiles faster than
            # another random kernel.
            arrays.append(head_bound * jax.lax.erf(draws / 2**0.5))
        elif path[-1] == "kernel":
            arrays.append((2 / (prod(shape[:-2]) * shape[-1])) ** 0.5 * draws)
        else:
            # The dtype is spelled out: a weakly typed array makes the training step compile twice.
            value = 1.0 if path[-1] in ("scale", "var") else 0.0
            arrays.append(jnp.full(shape, value, jnp.float32))
    return arrays


def _standard_normals(key: Array, n: int) -> Float[Array, " m"]:
    # m >= n. In blocks, because one draw of 33 million compiles and runs twice as long.
    keys = jax.random.split(key, -(-n // _BLOCK))
    return jax.lax.map(lambda block: jax.random.normal(block, (_BLOCK,)), keys).reshape(-1)
