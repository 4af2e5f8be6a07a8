"""DaViT-Tiny (Ding et al. 2022, "DaViT: dual attention vision transformers"), timm's `davit_tiny`.

Blocks attend in turn between the cells of a window and between the channels of the whole map. There
is no table of positions: depthwise convolutions before either half of a block stand in for one.
Dropout and stochastic depth are timm's defaults: none.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import fan_in_uniform
from topojax.models.blocks.layers import Conv, LayerNorm, Sequence, global_mean
from topojax.models.blocks.transformer import MLP, Attention, token_linear
from topojax.models.blocks.windows import completed, from_windows, windows

_WINDOW = 7


class ConvPositions(nnx.Module):
    """A 3 x 3 convolution, channel by channel, added to its input."""

    def __init__(self, width: int) -> None:
        self.proj = Conv(
            width,
            width,
            window=(3, 3),
            strides=(1, 1),
            groups=width,
            bias=True,
            law=fan_in_uniform(9),
        )

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        return x + self.proj(x)


class WindowAttention(Attention):
    """Self-attention within windows of 7 x 7 cells.

    Zeros beyond the far ends complete the last windows. As in the reference they are attended to
    like any other cell.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads, qkv_bias=True, dropout=0.0, attention_dropout=0.0)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        whole = completed(x, _WINDOW)
        cut = windows(whole, _WINDOW)
        y = super().__call__(cut.reshape(-1, *cut.shape[2:])).reshape(cut.shape)
        _, rows, columns, _ = whole.shape
        return from_windows(y, (rows, columns), _WINDOW)[:, : x.shape[1], : x.shape[2]]


class ChannelAttention(nnx.Module):
    """Attention between the channels of a head, each described by its values in all cells."""

    def __init__(self, width: int, heads: int) -> None:
        self.heads = heads
        self.qkv = token_linear(width, 3 * width)
        self.proj = token_linear(width, width)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        tokens = x.reshape(len(x), -1, x.shape[-1])
        qkv = self.qkv(tokens).reshape(*tokens.shape[:2], 3, self.heads, -1)
        queries, keys, values = (qkv[:, :, part] for part in range(3))
        # A score sums over all cells: in bfloat16 large maps would leave it few digits.
        scores = jnp.einsum("bnhc,bnhd->bhcd", keys, values, preferred_element_type=jnp.float32)
        weights = jax.nn.softmax(scores / sqrt(keys.shape[-1]), axis=-1).astype(x.dtype)
        y = jnp.einsum("bhcd,bnhd->bnhc", weights, queries)
        return self.proj(y.reshape(x.shape))


class AttentionBlock(nnx.Module):
    """Attention, then MLP, each pre-norm beside a shortcut and after convolved positions."""

    def __init__(self, width: int, attention: nnx.Module) -> None:
        self.cpe1 = ConvPositions(width)
        self.norm1 = LayerNorm(width)
        self.attn = attention
        self.cpe2 = ConvPositions(width)
        self.norm2 = LayerNorm(width)
        self.mlp = MLP(width, 4 * width, dropout=0.0)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        x = self.cpe1(x)
        x = self.cpe2(x + self.attn(self.norm1(x)))
        return x + self.mlp(self.norm2(x))


class Stem(nnx.Module):
    """A 7 x 7 convolution of stride 4 and a layer norm; a cell for every 4 x 4 pixels begun."""

    def __init__(self, c_in: int, c_out: int) -> None:
        self.conv = Conv(
            c_in,
            c_out,
            window=(7, 7),
            strides=(4, 4),
            bias=True,
            law=fan_in_uniform(49 * c_in),
        )
        self.norm = LayerNorm(c_out)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c_out"]:
        return self.norm(self.conv(completed(x, 4)))


class Downsample(nnx.Module):
    """A layer norm and a linear map of every 2 x 2 cells, zeros completing the last ones."""

    def __init__(self, c_in: int, c_out: int) -> None:
        self.norm = LayerNorm(c_in)
        self.conv = Conv(
            c_in,
            c_out,
            window=(2, 2),
            strides=(2, 2),
            padding=(0, 0),
            bias=True,
            law=fan_in_uniform(4 * c_in),
        )

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c_out"]:
        return self.conv(completed(self.norm(x), 2))


class Stage(nnx.Module):
    """Half the resolution, then pairs of blocks: attention in windows, attention of channels.

    Args:
        c_in: channels of the stage before; None: there is none, and the resolution stays.
        width, depth, heads: channels, pairs of blocks, heads of every attention.
    """

    def __init__(self, c_in: int | None, width: int, depth: int, heads: int) -> None:
        self.halves = c_in is not None
        if c_in is not None:
            self.downsample = Downsample(c_in, width)
        pairs = [
            Sequence(
                AttentionBlock(width, WindowAttention(width, heads)),
                AttentionBlock(width, ChannelAttention(width, heads)),
            )
            for _ in range(depth)
        ]
        self.blocks = Sequence(*pairs)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 width"]:
        return self.blocks(self.downsample(x) if self.halves else x)


class Head(nnx.Module):
    """Mean over space and layer norm; linear map."""

    def __init__(self, width: int, num_classes: int) -> None:
        self.norm = LayerNorm(width)
        self.fc = token_linear(width, num_classes)

    def pooled(self, x: Float[Array, "b h w c"]) -> Float[Array, "b c"]:
        """The mean of the last stage's output, after a layer norm."""
        return self.norm(global_mean(x))


class DaViT(Backbone):
    """Stem, four stages at strides 4, 8, 16 and 32 of the image, head.

    Any size of image works, as in the reference: zeros complete windows and 2 x 2 cells. Maps are
    taken unless asked otherwise of the first three stages: at stride 32 an image of 28 x 28 is one
    cell.

    Args:
        name: of the network.
        num_classes: length of the logits.
        in_channels: of the images.
        widths: channels of each stage, multiples of its heads.
        depths: pairs of blocks in each stage.
        heads: of every attention in each stage.
    """

    stage_names: ClassVar = (
        "stem",
        *(f"stages.{index}" for index in range(4)),
        "head.pooled",
        "head.fc",
    )
    cam_layers: ClassVar = ("stages.0", "stages.1", "stages.2")
    first_conv: ClassVar = "stem.conv"

    def __init__(
        self,
        name: str,
        num_classes: int,
        in_channels: int,
        *,
        widths: tuple[int, ...],
        depths: tuple[int, ...],
        heads: tuple[int, ...],
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.stem = Stem(in_channels, widths[0])
        inputs = (None, *widths[:-1])
        self.stages = Sequence(*map(Stage, inputs, widths, depths, heads))
        self.head = Head(widths[-1], num_classes)


def davit_tiny(num_classes: int, in_channels: int) -> DaViT:
    """DaViT-Tiny: 28 360 168 parameters for 1000 classes and 3 channels."""
    return DaViT(
        "davit_tiny",
        num_classes,
        in_channels,
        widths=(96, 192, 384, 768),
        depths=(1, 1, 3, 1),
        heads=(3, 6, 12, 24),
    )
