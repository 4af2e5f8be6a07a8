"""Initial weights of a whole network in one compiled call.

Drawing array by array costs several seconds of compilation (one random kernel a shape).
"""

from __future__ import annotations

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.blocks.laws import Constant, Law
from topojax.models.blocks.layers import Noise

_BLOCK = 2**18
# flax's own normalisation layers know no laws.
_NORMALISATION = {
    "scale": Constant(1.0),
    "bias": Constant(0.0),
    "mean": Constant(0.0),
    "var": Constant(1.0),
}


def initial_state(abstract: nnx.State, key: Array) -> nnx.State:
    """Fill a network's state: parameters by their laws, normalisation as the identity.

    Args:
        abstract: state with shapes in place of arrays.
        key: of all the draws.
    """
    flat = nnx.to_flat_state(abstract)
    shapes = tuple(leaf.shape for leaf in flat.leaves)
    laws = tuple(
        _law(str(path[-1]), leaf) for path, leaf in zip(flat.paths, flat.leaves, strict=True)
    )
    arrays = _initial_arrays(key, shapes, laws)
    filled = [leaf.replace(array) for leaf, array in zip(flat.leaves, arrays, strict=True)]
    return nnx.from_flat_state(zip(flat.paths, filled, strict=True))


def _law(name: str, leaf: nnx.Variable) -> Law | None:
    """None stands for the random state of a layer that draws in training."""
    if isinstance(leaf, Noise):
        return None
    return leaf.get_metadata().get("law") or _NORMALISATION[name]


@partial(jax.jit, static_argnames=("shapes", "laws"))
def _initial_arrays(
    key: Array, shapes: tuple[tuple[int, ...], ...], laws: tuple[Law | None, ...]
) -> list[Array]:
    normals_key, noise_key = jax.random.split(key)
    drawn = [not (law is None or isinstance(law, Constant)) for law in laws]
    sizes = [prod(shape) if draw else 0 for shape, draw in zip(shapes, drawn, strict=True)]
    normals = _standard_normals(normals_key, sum(sizes))
    # One draw for all: a random kernel for each of a transformer's 60 takes seconds to compile.
    noises = iter(jax.random.bits(noise_key, (laws.count(None), 4)))
    arrays, used = [], 0
    for shape, law, size in zip(shapes, laws, sizes, strict=True):
        if law is None:
            arrays.append(next(noises))
        elif isinstance(law, Constant):
            # The dtype is spelled out: a weakly typed array makes the training step compile twice.
            arrays.append(jnp.full(shape, law.value, jnp.float32))
        else:
            arrays.append(law(normals[used : used + size].reshape(shape)))
        used += size
    return arrays


def _standard_normals(key: Array, n: int) -> Float[Array, " m"]:
    # m >= n. In blocks, because one draw of 33 million compiles and runs twice as long.
    keys = jax.random.split(key, -(-n // _BLOCK))
    return jax.lax.map(lambda block: jax.random.normal(block, (_BLOCK,)), keys).reshape(-1)
