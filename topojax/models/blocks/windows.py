"""Maps cut into square windows, for attention within them."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def windows(x: Float[Array, "b h w c"], side: int) -> Float[Array, "b n t c"]:
    """Cut a map, of whole windows, into windows of t = side² cells, row by row."""
    batch, height, width, channels = x.shape
    cut = x.reshape(batch, height // side, side, width // side, side, channels)
    return cut.swapaxes(2, 3).reshape(batch, -1, side**2, channels)


def from_windows(
    x: Float[Array, "b n t c"], grid: tuple[int, int], side: int
) -> Float[Array, "b h w c"]:
    """Put windows back into a map: the inverse of `windows`."""
    cut = x.reshape(len(x), grid[0] // side, grid[1] // side, side, side, x.shape[-1])
    return cut.swapaxes(2, 3).reshape(len(x), *grid, x.shape[-1])


def completed(x: Float[Array, "b h w c"], side: int) -> Float[Array, "b h2 w2 c"]:
    """Complete the last windows of both axes with zeros."""
    return jnp.pad(x, ((0, 0), (0, -x.shape[1] % side), (0, -x.shape[2] % side), (0, 0)))
