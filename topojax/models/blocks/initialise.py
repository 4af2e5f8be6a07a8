"""Initial weights of a whole network, by programs that all networks share.

Compilation is what takes time: one random kernel a shape, or one program that cuts the draws into
hundreds of arrays, costs several seconds. So blocks of one length are drawn, and numpy cuts them.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.blocks.laws import Constant, Law, Normal, TruncatedNormal, Uniform
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
    normals_key, noise_key = jax.random.split(key)
    # Where a caller traces, nothing has a value that numpy could take.
    xp = jnp if isinstance(noise_key, jax.core.Tracer) else np
    flat = nnx.to_flat_state(abstract)
    laws = [_law(str(path[-1]), leaf) for path, leaf in zip(flat.paths, flat.leaves, strict=True)]
    drawn = [leaf.size for leaf, law in zip(flat.leaves, laws, strict=True) if _is_random(law)]
    normals = _standard_normals(normals_key, sum(drawn), xp)
    n_noises = laws.count(None)
    # One draw for all: a random kernel for each of a transformer's 60 takes seconds to compile.
    noises = iter(xp.asarray(jax.random.bits(noise_key, (n_noises, 4))) if n_noises else ())
    filled, used = [], 0
    for leaf, law in zip(flat.leaves, laws, strict=True):
        if law is None:
            array = next(noises)
        elif isinstance(law, Constant):
            # The dtype is spelled out: a weakly typed array makes the training step compile twice.
            array = np.full(leaf.shape, law.value, np.float32)
        else:
            array = _drawn(law, normals[used : used + leaf.size]).reshape(leaf.shape)
            used += leaf.size
        filled.append(leaf.replace(jnp.asarray(array)))
    return nnx.from_flat_state(zip(flat.paths, filled, strict=True))


def _law(name: str, leaf: nnx.Variable) -> Law | None:
    """None stands for the random state of a layer that draws in training."""
    if isinstance(leaf, Noise):
        return None
    return leaf.get_metadata().get("law") or _NORMALISATION[name]


def _is_random(law: Law | None) -> bool:
    return not (law is None or isinstance(law, Constant))


def _drawn(law: Normal | TruncatedNormal | Uniform, normals: Any) -> Any:
    if isinstance(normals, jax.Array):
        return law(normals)
    if isinstance(law, Normal):
        return np.float32(law.std) * normals  # a program a network's every width, otherwise
    values = np.empty_like(normals)
    for start in range(0, len(normals), _BLOCK):
        block = normals[start : start + _BLOCK]
        padded = np.pad(block, (0, _BLOCK - len(block)))
        values[start : start + len(block)] = np.asarray(_by_law(law, padded))[: len(block)]
    return values


@partial(jax.jit, static_argnums=0)
def _by_law(law: TruncatedNormal | Uniform, normals: Array) -> Array:
    return law(normals)


def _standard_normals(key: Array, n: int, xp: ModuleType) -> Any:
    """Return m >= n draws, float32 arrays of `xp`, block by block: one program for all networks."""
    if n == 0:
        return xp.empty(0, np.float32)
    keys = xp.asarray(jax.random.key_data(jax.random.split(key, -(-n // _BLOCK))))
    return xp.concatenate([_normal_block(data, jax.random.key_impl(key)) for data in keys])


@partial(jax.jit, static_argnums=1)
def _normal_block(data: Array, impl: Hashable) -> Float[Array, " block"]:
    return jax.random.normal(jax.random.wrap_key_data(data, impl=impl), (_BLOCK,))
