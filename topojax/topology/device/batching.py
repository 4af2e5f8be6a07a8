"""Functions of one image that `jax.vmap` makes functions of a batch as they should be.

What `vmap` would make of a loop runs every image to the end of the slowest, and of a choice both
ways. So each function is written for a batch (B, ...), and `vmap` of one image calls that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap


def for_one_and_many(batched: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiled function of arrays without the leading axis of what `batched` has.

    Args:
        batched: of arrays (B, ...) to a tree of arrays (B, ...), each row by itself.
    """

    @custom_vmap
    def many(*arrays: jax.Array) -> Any:
        return batched(*arrays)

    @many.def_vmap
    def many_of_many(size: int, is_mapped: list[bool], *arrays: jax.Array) -> tuple[Any, Any]:
        flat = [_repeated(size, *pair) for pair in zip(is_mapped, arrays, strict=True)]
        length = flat[0].shape[1]
        found = many(*(x.reshape(size * length, *x.shape[2:]) for x in flat))
        found = jax.tree.map(lambda x: x.reshape(size, length, *x.shape[1:]), found)
        return found, jax.tree.map(lambda _: True, found)

    @custom_vmap
    def one(*arrays: jax.Array) -> Any:
        return jax.tree.map(lambda x: x[0], many(*(x[None] for x in arrays)))

    @one.def_vmap
    def one_of_many(size: int, is_mapped: list[bool], *arrays: jax.Array) -> tuple[Any, Any]:
        found = many(*(_repeated(size, *pair) for pair in zip(is_mapped, arrays, strict=True)))
        return found, jax.tree.map(lambda _: True, found)

    return jax.jit(one)


def _repeated(size: int, is_mapped: bool, x: jax.Array) -> jax.Array:
    return x if is_mapped else jnp.broadcast_to(x, (size, *x.shape))
