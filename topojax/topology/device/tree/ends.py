"""Where components end: at the voxel at which they meet one with an older root."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, UInt32

from topojax.topology.device.tree.order import ABSENT


class Ends(NamedTuple):
    """The ends of components, each at the place of its root; `ABSENT` at all other voxels.

    Attributes:
        death: uint32 (B, P), key of the voxel at which the component ends; `ABSENT` if never.
        elder: uint32 (B, P), key of an older root of what it joins there, which may have joined a
            still older one before.
    """

    death: UInt32[Array, "B P"]
    elder: UInt32[Array, "B P"]

    @classmethod
    def none(cls, key: UInt32[Array, "B P"]) -> Ends:
        """Return that nothing ends."""
        return cls(jnp.full_like(key, ABSENT), jnp.full_like(key, ABSENT))
