"""Convolution, channels-last, in the formulation that XLA runs fastest.

XLA's CPU backend drops to 2-3 GFLOP/s where the input is smaller than the kernel and in the input
gradient of strided convolutions, both of which every residual network meets at 28 x 28 (x 28). The
same sums written as matrix products, or as convolutions of one dimension less with fewer products
(`topojax.models.blocks.winograd`), run a whole r3d_18 more than 6 times faster
(`benchmarks/convolution.py`). All formulations agree in value and gradient; shapes, dtype and
backend choose one while tracing.

XLA runs a convolution in as many groups as channels at below 0.5 GFLOP/s on a CPU. The shifted sums
of `depthwise` take a tenth to a hundredth of its time at 2^2 to 56^2 pixels and 2^3 to 14^3 voxels
with 32 to 672 channels, forward and backward.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from math import prod
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from topojax.models.blocks.winograd import TAPS, filter_first_axis

Images: TypeAlias = Float[Array, "b *spatial c"]
Kernel: TypeAlias = Float[Array, "*window c_in c_out"]
Convolve: TypeAlias = Callable[[Images, Kernel, tuple[int, ...]], Images]

_FEW_CHANNELS = 4
_MANY_CHANNELS = 128
_FEW_POSITIONS = 128
_MANY_FILTERS = 512


def convolve(
    x: Images,
    kernel: Kernel,
    strides: tuple[int, ...],
    padding: tuple[int, ...] | None = None,
    groups: int = 1,
) -> Images:
    """Convolve x with zeros around it, as torch does.

    Args:
        x: 2-D or 3-D images.
        kernel: HWIO or DHWIO; I is a group's input channels.
        strides: one a spatial axis.
        padding: zeros on either side, one entry a spatial axis; None: k // 2.
        groups: channels are convolved in so many groups that do not mix.
    """
    window = kernel.shape[:-2]
    usual = tuple(size // 2 for size in window)
    if groups == 1 and padding in (None, usual) and all(size % 2 for size in window):
        chosen = choose_formulation(x.shape, kernel.shape, strides, x.dtype)
        return chosen(x, kernel, strides)
    if groups == 1 and padding == (0,) * len(window) and window == strides:
        return tiles(x, kernel)
    padding = usual if padding is None else padding
    if groups == x.shape[-1] == kernel.shape[-1] and jax.default_backend() == "cpu":
        return depthwise(x, kernel, strides, padding)
    return general(x, kernel, strides, padding, groups)


def choose_formulation(
    x_shape: tuple[int, ...],
    kernel_shape: tuple[int, ...],
    strides: tuple[int, ...],
    dtype: DTypeLike = jnp.float32,
) -> Convolve:
    """Return the formulation for these shapes and this dtype on the default backend."""
    *window, c_in, c_out = kernel_shape
    if jax.default_backend() != "cpu":
        return plain
    if all(size == 1 for size in window):
        return pointwise
    outputs = [-(-size // stride) for size, stride in zip(x_shape[1:-1], strides, strict=True)]
    few = prod(outputs) <= _FEW_POSITIONS
    if len(window) == 2:
        best_as_rows = few or max(strides) > 1
    else:
        small_planes = any(n < size for n, size in zip(outputs[1:], window[1:], strict=True))
        best_as_rows = small_planes or (few and c_out >= _MANY_FILTERS)
    if c_in > _FEW_CHANNELS and best_as_rows:
        return patches
    along, *across = window
    # bfloat16 has no digits to lose to differences of planes.
    precise = jnp.finfo(dtype).bits >= jnp.finfo(jnp.float32).bits
    fits = along == TAPS <= outputs[0] and max(across) > 1 and max(strides) == 1
    # In 2-D with 64 channels only the forward pass gains, in 3-D with as few the backward one too.
    enough = c_in > _FEW_CHANNELS if len(window) == 3 else c_in >= _MANY_CHANNELS
    if enough and precise and fits:
        return winograd
    return plain if len(window) == 2 else depth_in_channels


def plain(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """XLA's own convolution."""
    return general(x, kernel, strides, tuple(size // 2 for size in kernel.shape[:-2]), 1)


def tiles(x: Images, kernel: Kernel) -> Images:
    """Windows side by side, without padding: every tile laid out as a row, one matrix product."""
    window = kernel.shape[:-2]
    counts = tuple(size // width for size, width in zip(x.shape[1:-1], window, strict=True))
    cut = x[:, *(slice(n * width) for n, width in zip(counts, window, strict=True))]
    split = [n for pair in zip(counts, window, strict=True) for n in pair]
    dims = len(window)
    axes = (0, *range(1, 2 * dims, 2), *range(2, 2 * dims + 1, 2), 2 * dims + 1)
    rows = cut.reshape(len(x), *split, x.shape[-1]).transpose(axes)
    return rows.reshape(len(x), *counts, -1) @ kernel.reshape(-1, kernel.shape[-1])


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


def depth_in_channels(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """A 3-D convolution as one 2-D convolution with the depth taps as channels."""
    n_taps, *window, c_in, c_out = kernel.shape
    stacked = jnp.concatenate(_depth_slabs(x, n_taps, strides[0]), axis=-1)
    batch, depth = stacked.shape[:2]
    folded = jnp.moveaxis(kernel, 0, -3).reshape(*window, n_taps * c_in, c_out)
    y = plain(stacked.reshape(batch * depth, *stacked.shape[2:]), folded, strides[1:])
    return y.reshape(batch, depth, *y.shape[1:])


def winograd(x: Images, kernel: Kernel, strides: tuple[int, ...]) -> Images:
    """Along the first axis 3 taps by Winograd's sums, across the others XLA's; strides of 1."""

    def across_planes(planes: Images, window: Kernel) -> Images:
        y = plain(planes.reshape(-1, *planes.shape[2:]), window, strides[1:])
        return y.reshape(*planes.shape[:2], *y.shape[1:])

    def across_rows(rows: Images, window: Kernel) -> Images:
        return plain(rows, window[None], strides)

    return filter_first_axis(x, kernel, across_planes if len(strides) == 3 else across_rows)


def depthwise(
    x: Images, kernel: Kernel, strides: tuple[int, ...], padding: tuple[int, ...]
) -> Images:
    """One kernel a channel: shifted images times their taps, summed.

    Taps that meet nothing but padding are left out. Those along the first axis are a loop: fusing
    all the 125 of a 5 x 5 x 5 window compiles for ten seconds and runs several times longer.
    """
    sizes = zip(x.shape[1:-1], kernel.shape[:-2], strides, padding, strict=True)
    outputs, taps = zip(*(_outputs_and_taps(*axis) for axis in sizes), strict=True)
    padded = _pad(x, padding)
    depth = (outputs[0] - 1) * strides[0] + 1
    # A sum of so many terms loses bfloat16's few digits.
    start = jnp.zeros((len(x), *outputs, x.shape[-1]), jnp.promote_types(x.dtype, jnp.float32))

    # Computed again in the backward pass, which would keep a copy of the images a tap otherwise.
    @partial(jax.checkpoint, prevent_cse=False)
    def add(total: Images, tap: tuple[Array, Kernel]) -> tuple[Images, None]:
        first, row = tap
        slab = lax.dynamic_slice_in_dim(padded, first, depth, axis=1).astype(total.dtype)
        for offset in itertools.product(*taps[1:]):
            total += _shifted(slab, (0, *offset), outputs, strides) * row[offset].astype(slab.dtype)
        return total, None

    rows = kernel[taps[0].start : taps[0].stop]
    return lax.scan(add, start, (np.arange(taps[0].start, taps[0].stop), rows))[0].astype(x.dtype)


def general(
    x: Images,
    kernel: Kernel,
    strides: tuple[int, ...],
    padding: tuple[int, ...],
    groups: int,
) -> Images:
    """XLA's own convolution with any padding, and in groups."""
    axes = "DHW"[-len(strides) :]
    layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    y = lax.conv_general_dilated(
        x,
        kernel,
        strides,
        [(width, width) for width in padding],
        dimension_numbers=layout,
        feature_group_count=groups,
    )
    if x.dtype == jnp.bfloat16 and jax.default_backend() == "cpu":
        # jax 0.12 fuses two such convolutions and a reduction after them into one call, which
        # gives NaN and infinity at 16 x 16 pixels of 64 channels and more; 0.10 does not.
        y = lax.optimization_barrier(y)
    return y


def _output_sizes(x: Images, strides: tuple[int, ...]) -> tuple[int, ...]:
    # With odd windows and padding k // 2: ceil(size / stride).
    return tuple(-(-size // stride) for size, stride in zip(x.shape[1:-1], strides, strict=True))


def _outputs_and_taps(size: int, width: int, stride: int, padding: int) -> tuple[int, range]:
    # How many outputs an axis has, and which taps of the window meet the image at any of them.
    outputs = (size + 2 * padding - width) // stride + 1
    return outputs, range(max(0, padding - (outputs - 1) * stride), min(width, size + padding))


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
