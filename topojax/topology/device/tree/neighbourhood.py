"""A voxel's neighbours as the bits of a word, and their components by floods of bits.

Bit 9 (dz + 1) + 3 (dy + 1) + dx + 1 of a word, in the plane 3 (dy + 1) + dx + 1, is the neighbour
(dz, dy, dx). Which neighbours are earlier decides what a voxel joins (`kernels/ALGORITHM.md`): the
components of the earlier ones, 26-connected (8 in the plane), or 6-connected within the 18 nearest
and touching by a face (4).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt32


@dataclass(frozen=True)
class Neighbourhood:
    """The neighbours of a voxel that it may be joined to.

    Attributes:
        dims: 2 or 3.
        full: all 26 (8); False: the 6 (4) that share a face.
    """

    dims: int
    full: bool

    @property
    def most_components(self) -> int:
        """The most components that neighbours can have: corners, or faces."""
        return 2**self.dims if self.full else 2 * self.dims

    @property
    def steps(self) -> tuple[tuple[int, ...], ...]:
        """Steps to the voxels that are bits, the voxel itself left out."""
        return tuple(step for step in self._all_steps() if any(step) and self._is_seen(step))

    @property
    def joined(self) -> tuple[tuple[int, ...], ...]:
        """Steps to the voxels that a voxel may be joined to."""
        return tuple(step for step in self.steps if self.full or _is_face(step))

    def bit(self, step: tuple[int, ...]) -> int:
        """Return the bit of a step."""
        return sum((s + 1) * 3 ** (self.dims - 1 - axis) for axis, s in enumerate(step))

    @property
    def seeds(self) -> np.uint32:
        """Bits at which components begin that count."""
        return np.uint32(sum(1 << self.bit(step) for step in self.joined))

    def flood(self, seed: UInt32[Array, "..."], word: UInt32[Array, "..."], n: int) -> Array:
        """Return what of words is reached from seeds in n steps."""
        spread = self._spread_full if self.full else self._spread_faces
        for _ in range(n):
            seed = spread(seed) & word
        return seed

    def flooded(self, seed: UInt32[Array, "..."], word: UInt32[Array, "..."]) -> Array:
        """Return what of words is reached from seeds."""

        def go_on(state: tuple[Array, Array]) -> tuple[Array, Array]:
            reached = self.flood(state[0], word, 2)
            return reached, (reached != state[0]).any()

        return jax.lax.while_loop(lambda state: state[1], go_on, (seed, jnp.bool_(True)))[0]

    def first(self, word: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
        """Return the lowest bit at which a component may begin, or 0."""
        found = word & self.seeds
        return found & -found

    def _spread_full(self, x: Array) -> Array:
        for axis in range(self.dims):
            x = x | self._moved(x, axis, 1) | self._moved(x, axis, -1)
        return x

    def _spread_faces(self, x: Array) -> Array:
        found = x
        for axis in range(self.dims):
            found = found | self._moved(x, axis, 1) | self._moved(x, axis, -1)
        return found

    def _moved(self, x: Array, axis: int, sign: int) -> Array:
        # Bits that would leave the neighbourhood by this axis stay out.
        stays = sum(1 << self.bit(step) for step in self._all_steps() if step[axis] != sign)
        distance = 3 ** (self.dims - 1 - axis)
        inside = x & np.uint32(stays)
        return inside << distance if sign > 0 else inside >> distance

    def _all_steps(self) -> tuple[tuple[int, ...], ...]:
        return tuple(itertools.product((-1, 0, 1), repeat=self.dims))

    def _is_seen(self, step: tuple[int, ...]) -> bool:
        # Of 6-connected components, corners join nothing.
        return self.full or sum(map(abs, step)) <= 2


def _is_face(step: tuple[int, ...]) -> bool:
    return sum(map(abs, step)) == 1


def lowest_bit(word: UInt32[Array, "..."]) -> Array:
    """Return the number of the lowest bit that is set; 31 for none."""
    return jnp.bitwise_count(word ^ (word - np.uint32(1))).astype(jnp.int32) - 1
