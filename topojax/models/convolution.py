"""Convolution, channels-last, in the formulation that XLA runs fastest.

XLA's CPU backend drops to 2-3 GFLOP/s where the input is smaller than the kernel and in the input
gradient of strided convolutions, both of which every residual network meets at 28 x 28 (x 28). The
same sums written as matrix products, or as 2-D convolutions over depth taps, run a whole r3d_18 6
to 11 times faster (`benchmarks/convolution.py`). All formulations agree in value and gradient;
shapes and backend choose one while tracing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jaxtyping import Array, Float

Images: TypeAlias = Float[Array, "b *spatial c"]
Kernel: TypeAlias = Float[Array, "*window c_in c_out"]
Convolve: TypeAlias = Callable[[Images, Kernel, tuple[int, ...]], Images]

_FEW_CHANNELS = 4
_FEW_POSITIONS = 128


class Conv(nnx.Module):
    """Convolution without bias, zero-padded by k // 2 on both sides of every axis.

    The kernel is zero until `topojax.models.initialise` or a weight file fills it.
    """

    def __init__(
        self, c_in: int, c_out: int, *, window: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self.strides = strides
        self.kernel = nnx.Param(jnp.zeros((*window, c_in, c_out), jnp.float32))

    def __call__(self, x: Images) -> Images:
        return convolve(x, self.kernel[...], self.strides)


def convolve(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """Convolve x, zero-padded by k // 2 on both sides of every axis, as torch's padding=k // 2.

    Args:
        x: 2-D or 3-D images.
        kernel: odd windows, HWIO or DHWIO.
        strides: one a spatial axis.
    """
    return choose_formulation(x.shape, kernel.shape, strides)(x, kernel, strides)


def choose_formulation(
    x_shape: tuple[int, ...], kernel_shape: tuple[int, ...], strides: tuple[int, ...]
) -> Convolve:
    """Return the formulation for these shapes on the default backend."""
    *window, c_in, _ = kernel_shape
    if jax.default_backend() != "cpu":
        return plain
    if all(size == 1 for size in window):
        return pointwise
    volumetric = len(window) == 3
    if c_in <= _FEW_CHANNELS:
        return depth_in_channels if volumetric else plain
    n_positions = 1
    for size, stride in zip(x_shape[1:-1], strides, strict=True):
        n_positions *= -(-size // stride)
    if max(strides) > 1 or n_positions <= _FEW_POSITIONS:
        return patches
    return depth_sum if volumetric else plain


def plain(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """XLA's own convolution."""
    return _conv_general(x, kernel, strides, [(size // 2, size // 2) for size in kernel.shape[:-2]])


def pointwise(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """A window of one voxel: take every stride-th voxel and multiply by the kernel's matrix."""
    steps = tuple(slice(None, None, stride) for stride in strides)
    return x[:, *steps] @ kernel.reshape(kernel.shape[-2:])


def patches(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """Every output voxel's window laid out as one row, then one matrix product (im2col)."""
    window = kernel.shape[:-2]
    padded = _pad(x, tuple(size // 2 for size in window))
    outputs = _output_sizes(x, strides)
    rows = jnp.concatenate(
        [
            _shifted(padded, offset, outputs, strides)
            for offset in itertools.product(*(range(size) for size in window))
        ],
        axis=-1,
    )
    return rows @ kernel.reshape(-1, kernel.shape[-1])


def depth_sum(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """A 3-D convolution as the sum over its depth taps of 2-D convolutions."""
    n_taps = kernel.shape[0]
    slabs = _depth_slabs(x, n_taps, strides[0])
    batch, depth = slabs[0].shape[:2]
    merged = [slab.reshape(batch * depth, *slab.shape[2:]) for slab in slabs]
    y = sum(
        (plain(slab, kernel[tap], strides[1:]) for tap, slab in enumerate(merged[1:], 1)),
        start=plain(merged[0], kernel[0], strides[1:]),
    )
    return y.reshape(batch, depth, *y.shape[1:])


def depth_in_channels(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """A 3-D convolution as one 2-D convolution with the depth taps as channels."""
    n_taps, *window, c_in, c_out = kernel.shape
    stacked = jnp.concatenate(_depth_slabs(x, n_taps, strides[0]), axis=-1)
    batch, depth = stacked.shape[:2]
    folded = jnp.moveaxis(kernel, 0, -3).reshape(*window, n_taps * c_in, c_out)
    y = plain(stacked.reshape(batch * depth, *stacked.shape[2:]), folded, strides[1:])
    return y.reshape(batch, depth, *y.shape[1:])


def _conv_general(
    x: Images, kernel: Kernel, strides: tuple[int, ...], padding: list[tuple[int, int]]
) -> Images:
    axes = "DHW"[-len(strides) :]
    layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=layout)


def _output_sizes(x: Images, strides: tuple[int, ...]) -> tuple[int, ...]:
    # With odd windows and padding k // 2: ceil(size / stride).
    return tuple(-(-size // stride) for size, stride in zip(x.shape[1:-1], strides, strict=True))


def _pad(x: Images, widths: tuple[int, ...]) -> Images:
    return jnp.pad(x, ((0, 0), *((width, width) for width in widths), (0, 0)))


def _shifted(
    padded: Images, offset: tuple[int, ...], outputs: tuple[int, ...], strides: tuple[int, ...]
) -> Images:
    steps = tuple(
        slice(start, start + (size - 1) * stride + 1, stride)
        for start, size, stride in zip(offset, outputs, strides, strict=True)
    )
    return padded[:, *steps]


def _depth_slabs(x: Images, n_taps: int, stride: int) -> list[Images]:
    # One (B, D_out, H, W, C) a tap: the planes that the tap meets.
    outputs = -(-x.shape[1] // stride)
    padded = jnp.pad(x, ((0, 0), (n_taps // 2, n_taps // 2), (0, 0), (0, 0), (0, 0)))
    last = (outputs - 1) * stride + 1
    return [padded[:, tap : tap + last : stride] for tap in range(n_taps)]
