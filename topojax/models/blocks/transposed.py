"""Transposed convolution with 3 taps and stride 2 along every axis, as one matrix product.

XLA's CPU backend has no fast path for the dilated input that a transposed convolution is to it.
Written out along one axis, with x zero behind its end,

    y[2i] = x[i] w[1],        y[2i + 1] = x[i] w[2] + x[i + 1] w[0]:

the outputs of one parity are a convolution of 1 or 2 taps. All parities together are one product
of the 2^d neighbours of each voxel with a matrix that holds every tap once.
"""

from __future__ import annotations

import itertools

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.blocks.laws import fan_in_uniform
from topojax.models.blocks.layers import parameter

TAPS = 3
# Which tap a neighbour (0: the voxel itself, 1: the next one) meets in an output of which parity.
_TAP_OF = np.zeros((TAPS, 2, 2), np.float32)
_TAP_OF[[1, 2, 0], [0, 0, 1], [0, 1, 1]] = 1


def convolve_transposed(
    x: Float[Array, "b *spatial c_in"], kernel: Float[Array, "*window c_in c_out"]
) -> Float[Array, "b *doubled c_out"]:
    """Return torch's `ConvTranspose` of stride 2, padding 1 and output padding 1.

    With output padding 0 the last voxel along each axis is missing, and nothing else differs.

    Args:
        x: 2-D or 3-D images.
        kernel: 3 taps along every axis.
    """
    dims, c_out = x.ndim - 2, kernel.shape[-1]
    padded = jnp.pad(x, ((0, 0), *((0, 1),) * dims, (0, 0)))
    neighbours = [
        padded[
            :, *(slice(first, first + n) for first, n in zip(offset, x.shape[1:-1], strict=True))
        ]
        for offset in itertools.product(range(2), repeat=dims)
    ]
    rows = jnp.concatenate(neighbours, axis=-1) @ _parities(kernel, dims)
    # (B, *spatial, parities of each axis, C): each parity goes beside the axis that it doubles.
    split = rows.reshape(*x.shape[:-1], *(2,) * dims, c_out)
    order = [axis for k in range(1, dims + 1) for axis in (k, k + dims)]
    doubled = split.transpose(0, *order, 2 * dims + 1)
    return doubled.reshape(len(x), *(2 * n for n in x.shape[1:-1]), c_out)


def _parities(
    kernel: Float[Array, "*window c_in c_out"], dims: int
) -> Float[Array, "rows columns"]:
    """Return the matrix from 2^d neighbours of c_in channels to 2^d parities of c_out."""
    for _ in range(dims):
        # The first axis of taps becomes a pair of last ones: neighbour and parity.
        kernel = jnp.tensordot(kernel, _TAP_OF.astype(kernel.dtype), axes=(0, 0))
    c_in, c_out = kernel.shape[:2]
    neighbours, parities = range(2, 2 + 2 * dims, 2), range(3, 3 + 2 * dims, 2)
    ordered = kernel.transpose(*neighbours, 0, *parities, 1)
    return ordered.reshape(2**dims * c_in, 2**dims * c_out)


class ConvTranspose(nnx.Module):
    """Transposed convolution to twice the size, less the last voxel where the size asked is odd.

    Starts as torch's layer does: kernel and bias uniform in ±1/√fan, the fan being what torch takes
    for it, taps times output channels.
    """

    def __init__(self, c_in: int, c_out: int, *, dims: int) -> None:
        law = fan_in_uniform(TAPS**dims * c_out)
        self.kernel = parameter((*(TAPS,) * dims, c_in, c_out), law)
        self.bias = parameter((c_out,), law)

    def __call__(
        self, x: Float[Array, "b *spatial c_in"], shape: tuple[int, ...]
    ) -> Float[Array, "b *shape c_out"]:
        """Return an image of spatial `shape`, each length twice that of x or one less."""
        y = convolve_transposed(x, self.kernel[...].astype(x.dtype))
        return y[:, *(slice(n) for n in shape)] + self.bias[...].astype(x.dtype)
