"""MobileViT for images (Mehta and Rastegari 2022), timm's.

Images may be of any size: a map that 2 x 2 patches do not divide is enlarged linearly for the
transformer and reduced after it, as in timm. Dropout and stochastic depth are timm's defaults:
none.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Constant
from topojax.models.blocks.layers import (
    BatchNorm,
    Conv,
    LayerNorm,
    Sequence,
    global_mean,
    parameter,
)
from topojax.models.blocks.transformer import EncoderBlock, token_linear

silu = jax.nn.silu

_PATCH = 2
_EXPANSION = 4
_HEADS = 4
_STD = 0.01


class Stage(NamedTuple):
    """Inverted residuals, of which the first has the stride; then, if it has depth, a transformer.

    Attributes:
        width, depth: of the transformer.
    """

    c_out: int
    stride: int
    n_residuals: int
    width: int = 0
    depth: int = 0


_S = (
    Stage(c_out=32, stride=1, n_residuals=1),
    Stage(c_out=64, stride=2, n_residuals=3),
    Stage(c_out=96, stride=2, n_residuals=1, width=144, depth=2),
    Stage(c_out=128, stride=2, n_residuals=1, width=192, depth=4),
    Stage(c_out=160, stride=2, n_residuals=1, width=240, depth=3),
)


class ConvNorm(nnx.Module):
    """Convolution and batch norm."""

    def __init__(
        self, c_in: int, c_out: int, *, side: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        self.conv = Conv(c_in, c_out, window=(side, side), strides=(stride, stride), groups=groups)
        self.bn = BatchNorm(c_out)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        return self.bn(self.conv(x))


class ConvNormSiLU(ConvNorm):
    """Convolution, batch norm, SiLU."""

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        return silu(super().__call__(x))


class InvertedResidual(nnx.Module):
    """Channels expanded, convolved one by one, projected; a shortcut where shapes agree."""

    def __init__(self, c_in: int, c_out: int, *, stride: int) -> None:
        expanded = _EXPANSION * c_in
        self.conv1_1x1 = ConvNormSiLU(c_in, expanded)
        self.conv2_kxk = ConvNormSiLU(expanded, expanded, side=3, stride=stride, groups=expanded)
        self.conv3_1x1 = ConvNorm(expanded, c_out)
        self.shortcut = stride == 1 and c_in == c_out
        if self.shortcut:
            # The block starts as the identity.
            self.conv3_1x1.bn.scale = parameter((c_out,), Constant(0.0))

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        y = self.conv3_1x1(self.conv2_kxk(self.conv1_1x1(x)))
        return x + y if self.shortcut else y


class MobileViTBlock(nnx.Module):
    """Convolutions around a transformer (section 3.1), joined with the block's input."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        self.conv_kxk = ConvNormSiLU(channels, channels, side=3)
        self.conv_1x1 = Conv(channels, width, window=(1, 1), strides=(1, 1))
        self.transformer = Sequence(
            *(
                EncoderBlock(width, heads=_HEADS, hidden=2 * width, activation=silu, std=_STD)
                for _ in range(depth)
            )
        )
        self.norm = LayerNorm(width)
        self.conv_proj = ConvNormSiLU(width, channels)
        self.conv_fusion = ConvNormSiLU(2 * channels, channels, side=3)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        y = self.conv_1x1(self.conv_kxk(x))
        height, width = y.shape[1:3]
        y = _resized(y, (height + height % _PATCH, width + width % _PATCH))
        y = together(self.norm(self.transformer(apart(y))))
        y = _resized(y, (height, width))
        return self.conv_fusion(jnp.concatenate([x, self.conv_proj(y)], axis=-1))


class Head(nnx.Module):
    """Mean over space; linear map."""

    def __init__(self, width: int, num_classes: int) -> None:
        self.fc = token_linear(width, num_classes, std=_STD)

    def pooled(self, x: Float[Array, "b h w c"]) -> Float[Array, "b c"]:
        """The mean of the last convolution's output."""
        return global_mean(x)


class MobileViT(Backbone):
    """3 x 3 convolution, five stages, 1 x 1 convolution, mean, linear map.

    Maps are taken unless asked otherwise of the stages at strides 4, 8 and 16 of the image: at
    stride 32 an image of 32 x 32 is one cell.
    """

    stage_names: ClassVar = (
        "stem",
        *(f"stages.{index}" for index in range(5)),
        "final_conv",
        "head.pooled",
        "head.fc",
    )
    cam_layers: ClassVar = ("stages.1", "stages.2", "stages.3")
    first_conv: ClassVar = "stem.conv"

    def __init__(
        self,
        name: str,
        num_classes: int,
        in_channels: int,
        *,
        layout: tuple[Stage, ...],
        stem: int,
        last: int,
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.stem = ConvNormSiLU(in_channels, stem, side=3, stride=2)
        c_ins = (stem, *(stage.c_out for stage in layout))
        self.stages = Sequence(
            *(_stage(c_in, stage) for c_in, stage in zip(c_ins, layout, strict=False))
        )
        self.final_conv = ConvNormSiLU(layout[-1].c_out, last)
        self.head = Head(last, num_classes)


def apart(x: Float[Array, "b h w c"]) -> Float[Array, "b4 h2 w2 c"]:
    """Part the four cells of every 2 x 2 patch: four maps an image, of one cell a patch each."""
    batch, height, width, channels = x.shape
    rows, columns = height // _PATCH, width // _PATCH
    cut = x.reshape(batch, rows, _PATCH, columns, _PATCH, channels)
    return cut.transpose(0, 2, 4, 1, 3, 5).reshape(-1, rows, columns, channels)


def together(x: Float[Array, "b4 h2 w2 c"]) -> Float[Array, "b h w c"]:
    """Put the cells back into their patches: the inverse of `apart`."""
    _, rows, columns, channels = x.shape
    cut = x.reshape(-1, _PATCH, _PATCH, rows, columns, channels)
    return cut.transpose(0, 3, 1, 4, 2, 5).reshape(-1, _PATCH * rows, _PATCH * columns, channels)


def _resized(x: Float[Array, "b h w c"], grid: tuple[int, int]) -> Float[Array, "b h2 w2 c"]:
    shape = (len(x), *grid, x.shape[-1])
    return x if shape == x.shape else jax.image.resize(x, shape, "linear", antialias=False)


def _stage(c_in: int, stage: Stage) -> Sequence:
    parts: list[nnx.Module] = [InvertedResidual(c_in, stage.c_out, stride=stage.stride)]
    parts += [
        InvertedResidual(stage.c_out, stage.c_out, stride=1) for _ in range(1, stage.n_residuals)
    ]
    if stage.depth:
        parts.append(MobileViTBlock(stage.c_out, stage.width, stage.depth))
    return Sequence(*parts)


def mobilevit_s(num_classes: int, in_channels: int) -> MobileViT:
    """MobileViT-S: 5 578 632 parameters for 1000 classes and 3 channels."""
    return MobileViT("mobilevit_s", num_classes, in_channels, layout=_S, stem=16, last=640)
