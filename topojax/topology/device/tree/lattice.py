"""Images as padded rows of voxels, and their neighbours as shifts.

A batch of images lies in an array (B, P): each image with a border of one voxel, flat, so that a
neighbour is a fixed distance away and nothing has to be tested for bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


@dataclass(frozen=True)
class Lattice:
    """The padded shape of images, and the distances to their voxels' neighbours.

    Attributes:
        shape: of an image, (H, W) or (D, H, W).
    """

    shape: tuple[int, ...]

    @property
    def padded(self) -> tuple[int, ...]:
        """Shape with the border."""
        return tuple(length + 2 for length in self.shape)

    @property
    def size(self) -> int:
        """P, voxels with the border."""
        return math.prod(self.padded)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Distance of neighbours along each axis."""
        return tuple(math.prod(self.padded[axis + 1 :]) for axis in range(len(self.shape)))

    def distance(self, step: tuple[int, ...]) -> int:
        """Return the distance to the voxel that is so many steps away along each axis."""
        return sum(s * stride for s, stride in zip(step, self.strides, strict=True))

    def pad(self, x: Array, value: int | np.uint32) -> Array:
        """Return images (B, *shape) as (B, P), the border of one value."""
        for axis in range(len(self.shape), 0, -1):
            x = _between(x, 1, value, axis)
        return x.reshape(len(x), self.size)

    def within(self, x: Array, offset: int = 0) -> Array:
        """Return of (B, P) the places from the first voxel to the last, (B, Q), or an offset away.

        Border that lies between them is among them. All their neighbours are in (B, P), so that
        nothing has to be put around it.
        """
        first = self.distance((1,) * len(self.shape))
        return jax.lax.slice_in_dim(x, first + offset, self.size - first + offset, axis=1)

    def placed(self, x: Array) -> Array:
        """Return (B, P) of what is `within` it, (B, Q); 0 around it."""
        return _between(x, self.distance((1,) * len(self.shape)), 0, axis=1)

    def image_index(self) -> Array:
        """Return every place's flat C-order index in the image, int32 (P,); -1 at the border."""
        index = np.full(self.padded, -1, np.int32)
        inner = (slice(1, -1),) * len(self.shape)
        index[inner] = np.arange(math.prod(self.shape), dtype=np.int32).reshape(self.shape)
        return jnp.asarray(index.ravel())

    def crop(self, x: Array) -> Array:
        """Return (B, P) without its border, (B, *shape)."""
        inner = (slice(None),) + (slice(1, -1),) * len(self.shape)
        return x.reshape(len(x), *self.padded)[inner]


def shifted(x: Array, offsets: tuple[int, ...], fill: int | np.uint32) -> list[Array]:
    """Return for each offset the array of every voxel's neighbour there, (B, P).

    Beyond both ends of a row lies `fill`.
    """
    margin = max(map(abs, offsets))
    padded = jnp.pad(x, ((0, 0), (margin, margin)), constant_values=fill)
    length = x.shape[1]
    return [
        jax.lax.slice_in_dim(padded, margin + offset, margin + offset + length, axis=1)
        for offset in offsets
    ]


def _between(x: Array, n: int, value: int | np.uint32, axis: int) -> Array:
    """Return x with n more of a value at both ends of an axis.

    Put together, and not padded: on a CPU, XLA tests of every element of what is padded whether it
    is in the middle.
    """
    shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
    end = jnp.full(shape, value, x.dtype)
    return jnp.concatenate([end, x, end], axis=axis)
