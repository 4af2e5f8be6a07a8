"""Swin Transformer V2 for images (Liu et al. 2022), torchvision's.

Images may be of any size: maps are completed with zeros to whole windows, as torchvision does, and
along an axis of one window nothing is shifted. Below 28 pixels the last stages are one cell.
"""

from __future__ import annotations

from math import log
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Constant, TruncatedNormal, fan_in_uniform
from topojax.models.blocks.layers import (
    Conv,
    Dropout,
    LayerNorm,
    Linear,
    Sequence,
    global_mean,
    parameter,
    relu,
)
from topojax.models.blocks.windows import completed, from_windows, windows

_WINDOW = 8
_PATCH = 4
_MAX_DROP_RATE = 0.2
_LARGEST_LOG_SCALE = log(100)
_OTHER_REGION = -100.0


class WindowAttention(nnx.Module):
    """Scaled cosine attention within windows of 8 x 8 cells (Liu et al. 2022, section 3.3).

    Args:
        width: channels of a cell, a multiple of heads.
        heads: channels are attended to in so many groups.
        shifted: windows lie half a window further along both axes.
    """

    def __init__(self, width: int, heads: int, *, shifted: bool) -> None:
        self.heads = heads
        self.shift = _WINDOW // 2 if shifted else 0
        self.qkv = _linear(width, 3 * width)
        self.proj = _linear(width, width)
        self.logit_scale = parameter((heads, 1, 1), Constant(log(10)))
        self.cpb_mlp = Sequence(_linear(2, 512), relu, _linear(512, heads, bias=False))

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        height, width = x.shape[1:3]
        whole = completed(x, _WINDOW)
        _, *grid, _ = whole.shape
        shifts = [self.shift if n > _WINDOW else 0 for n in grid]
        rolled = jnp.roll(whole, [-shift for shift in shifts], (1, 2))
        attended = self._attend(windows(rolled, _WINDOW), region_mask(grid, shifts))
        y = jnp.roll(from_windows(attended, (grid[0], grid[1]), _WINDOW), shifts, (1, 2))
        return y[:, :height, :width]

    def _attend(
        self, x: Float[Array, "b n t c"], mask: Float[np.ndarray, "n t t"]
    ) -> Float[Array, "b n t c"]:
        qkv = x @ self.qkv.kernel[...].astype(x.dtype) + self._qkv_bias().astype(x.dtype)
        qkv = qkv.reshape(*x.shape[:3], 3, self.heads, -1)
        queries, keys, values = (qkv[:, :, :, part] for part in range(3))
        cosines = jnp.einsum("bnqhc,bnkhc->bnhqk", _unit(queries), _unit(keys))
        scale = jnp.exp(jnp.minimum(self.logit_scale[...], _LARGEST_LOG_SCALE))
        scores = cosines.astype(jnp.float32) * scale + self.position_bias() + mask[:, None]
        weights = jax.nn.softmax(scores, axis=-1).astype(x.dtype)
        y = jnp.einsum("bnhqk,bnkhc->bnqhc", weights, values)
        return self.proj(y.reshape(x.shape))

    def _qkv_bias(self) -> Float[Array, " c3"]:
        # Keys have none (section 3.3), although the reference stores one.
        assert self.qkv.bias is not None
        queries, keys, values = jnp.split(self.qkv.bias[...], 3)
        return jnp.concatenate([queries, jnp.zeros_like(keys), values])

    def position_bias(self) -> Float[Array, "heads t t"]:
        """Return what two cells' places in a window add to their score, in (0, 16)."""
        side = 2 * _WINDOW - 1
        offsets = np.stack(np.meshgrid(*[np.arange(1 - _WINDOW, _WINDOW)] * 2, indexing="ij"), -1)
        scaled = 8 * offsets / (_WINDOW - 1)
        coordinates = np.sign(scaled) * np.log2(np.abs(scaled) + 1) / 3
        table = self.cpb_mlp(jnp.asarray(coordinates.reshape(-1, 2), jnp.float32))
        cells = np.stack(np.meshgrid(*[np.arange(_WINDOW)] * 2, indexing="ij"), -1).reshape(-1, 2)
        rows, columns = np.moveaxis(cells[:, None] - cells[None] + _WINDOW - 1, -1, 0)
        return jnp.moveaxis(16 * jax.nn.sigmoid(table)[rows * side + columns], -1, 0)


class Block(nnx.Module):
    """Attention, then MLP, each with a layer norm after it, beside a shortcut."""

    def __init__(self, width: int, heads: int, *, shifted: bool, drop_rate: float) -> None:
        self.attn = WindowAttention(width, heads, shifted=shifted)
        self.norm1 = LayerNorm(width)
        self.mlp = Sequence(
            _linear(width, 4 * width), _gelu, Dropout(0.0), _linear(4 * width, width)
        )
        self.norm2 = LayerNorm(width)
        self.stochastic_depth = Dropout(drop_rate, per_image=True)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


class PatchMerging(nnx.Module):
    """Four neighbouring cells' channels, mapped to twice those of one, then a layer norm."""

    def __init__(self, width: int) -> None:
        self.reduction = _linear(4 * width, 2 * width, bias=False)
        self.norm = LayerNorm(2 * width)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        x = completed(x, 2)
        cells = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.norm(self.reduction(jnp.concatenate(cells, axis=-1)))


class SwinV2(Backbone):
    """Patches of 4 x 4 pixels, four stages of blocks with a merging between any two, mean.

    Maps are taken unless asked otherwise of the first three stages of blocks, at strides 4, 8 and
    16 of the image: at stride 32 an image of 32 x 32 is one cell.
    """

    stage_names: ClassVar = (*(f"features.{index}" for index in range(8)), "norm", "pooled", "head")
    cam_layers: ClassVar = ("features.1", "features.3", "features.5")
    first_conv: ClassVar = "features.0.0"
    buffers: ClassVar = ("relative_coords_table", "relative_position_index")

    def __init__(
        self,
        name: str,
        num_classes: int,
        in_channels: int,
        *,
        width: int,
        depths: tuple[int, ...],
        heads: tuple[int, ...],
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.features = Sequence(*_features(in_channels, width, depths, heads))
        last = width * 2 ** (len(depths) - 1)
        self.norm = LayerNorm(last)
        self.head = _linear(last, num_classes)

    def pooled(self, x: Float[Array, "b h w c"]) -> Float[Array, "b c"]:
        """The mean of the last layer norm's output."""
        return global_mean(x)


def region_mask(grid: list[int], shifts: list[int]) -> Float[np.ndarray, "n t t"]:
    """Return 0 for two cells of a window that were neighbours before the shift, else -100.

    A shifted map's last window holds cells of both ends of an axis.
    """
    rows, columns = (
        np.searchsorted([n - _WINDOW, n - shift], np.arange(n), side="right") if shift else [0] * n
        for n, shift in zip(grid, shifts, strict=True)
    )
    regions = 3 * np.array(rows)[:, None] + np.array(columns)
    of_cells = windows(regions[None, :, :, None], _WINDOW)[0, :, :, 0]
    apart = of_cells[:, :, None] != of_cells[:, None, :]
    return np.where(apart, np.float32(_OTHER_REGION), np.float32(0))


def _features(
    in_channels: int, width: int, depths: tuple[int, ...], heads: tuple[int, ...]
) -> list[Sequence | PatchMerging]:
    patch = (_PATCH, _PATCH)
    law = fan_in_uniform(_PATCH**2 * in_channels)
    embed = Conv(
        in_channels, width, window=patch, strides=patch, padding=(0, 0), bias=True, law=law
    )
    parts: list[Sequence | PatchMerging] = [Sequence(embed, _same, LayerNorm(width))]
    n_blocks, n_before = sum(depths), 0
    for stage, (depth, n_heads) in enumerate(zip(depths, heads, strict=True)):
        if stage:
            parts.append(PatchMerging(width))
            width *= 2
        rates = [_MAX_DROP_RATE * (n_before + i) / (n_blocks - 1) for i in range(depth)]
        parts.append(
            Sequence(
                *(
                    Block(width, n_heads, shifted=index % 2 == 1, drop_rate=rate)
                    for index, rate in enumerate(rates)
                )
            )
        )
        n_before += depth
    return parts


def _unit(x: Float[Array, "... c"]) -> Float[Array, "... c"]:
    squares = (x.astype(jnp.float32) ** 2).sum(axis=-1, keepdims=True)
    return (x * jax.lax.rsqrt(jnp.maximum(squares, 1e-24))).astype(x.dtype)


def _gelu(x: Float[Array, "... c"]) -> Float[Array, "... c"]:
    return jax.nn.gelu(x, approximate=False)


def _same(x: Float[Array, "... c"]) -> Float[Array, "... c"]:
    # torchvision moves channels last here.
    return x


def _linear(n_in: int, n_out: int, *, bias: bool = True) -> Linear:
    return Linear(n_in, n_out, bias=bias, law=TruncatedNormal(0.02), bias_law=Constant(0.0))


def swin_v2_t(num_classes: int, in_channels: int) -> SwinV2:
    """Swin V2-T: 28 351 570 parameters for 1000 classes and 3 channels."""
    return SwinV2(
        "swin_v2_t", num_classes, in_channels, width=96, depths=(2, 2, 6, 2), heads=(3, 6, 12, 24)
    )
