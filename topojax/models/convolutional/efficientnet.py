"""EfficientNet-B0 (Tan and Le 2019), torchvision's for images, and the same for volumes.

For volumes every window, stride and pool of two axes becomes cubic and all else stays: channels,
blocks, squeezed channels, dropout, stochastic depth, laws of the weights. The TopoCAM paper
compares with an "EfficientNet3D, a direct volumetric adaptation" of the family. It states neither
which member nor whose code; B0 is the member of its 2-D comparison. The adaptation that circulates,
efficientnet_pytorch_3d (https://github.com/shijianjian/EfficientNet-PyTorch-3D), does the same to
another 2-D implementation, which pads at one side as TensorFlow does and has a batch norm of
epsilon 1e-3 and momentum 0.01, and to save memory it strides its first block too, which leaves of
28 x 28 x 28 voxels one cell from features.4 on rather than from features.6 on. None of that is done
here. No weights are published; the paper trains it from scratch.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar, NamedTuple

import jax
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Constant, Uniform, fan_out_normal
from topojax.models.blocks.layers import BatchNorm, Conv, Dropout, Linear, Sequence, global_mean

silu = jax.nn.silu

_STEM_CHANNELS = 32
_LAST_CHANNELS = 1280
_MAX_DROP_RATE = 0.2


class Stage(NamedTuple):
    """Blocks in a row; the first has the stride and changes the number of channels."""

    expansion: int
    side: int
    stride: int
    c_out: int
    n_blocks: int


_B0 = (
    Stage(expansion=1, side=3, stride=1, c_out=16, n_blocks=1),
    Stage(expansion=6, side=3, stride=2, c_out=24, n_blocks=2),
    Stage(expansion=6, side=5, stride=2, c_out=40, n_blocks=2),
    Stage(expansion=6, side=3, stride=2, c_out=80, n_blocks=3),
    Stage(expansion=6, side=5, stride=1, c_out=112, n_blocks=3),
    Stage(expansion=6, side=5, stride=2, c_out=192, n_blocks=4),
    Stage(expansion=6, side=3, stride=1, c_out=320, n_blocks=1),
)


class ConvNormSiLU(Sequence):
    """Convolution, batch norm, SiLU."""

    def __init__(
        self, dims: int, c_in: int, c_out: int, *, side: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        window = (side,) * dims
        conv = Conv(
            c_in,
            c_out,
            window=window,
            strides=(stride,) * dims,
            groups=groups,
            # torch's fan_out counts the channels of all groups.
            law=fan_out_normal(window, c_out),
        )
        super().__init__(conv, BatchNorm(c_out), silu)


class SqueezeExcitation(nnx.Module):
    """Every channel scaled by a number in (0, 1) made of the means of all (Hu et al. 2018)."""

    def __init__(self, dims: int, channels: int, squeezed: int) -> None:
        ones = (1,) * dims
        self.fc1 = Conv(channels, squeezed, window=ones, strides=ones, bias=True)
        self.fc2 = Conv(squeezed, channels, window=ones, strides=ones, bias=True)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *spatial c"]:
        means = x.mean(axis=tuple(range(1, x.ndim - 1)), keepdims=True)
        return x * jax.nn.sigmoid(self.fc2(silu(self.fc1(means))))


class InvertedResidual(nnx.Module):
    """Channels expanded, convolved one by one, scaled, projected; a shortcut where shapes agree."""

    def __init__(
        self, dims: int, c_in: int, stage: Stage, *, stride: int, drop_rate: float
    ) -> None:
        expanded = c_in * stage.expansion
        ones = (1,) * dims
        expansion = [ConvNormSiLU(dims, c_in, expanded)] if stage.expansion > 1 else []
        self.block = Sequence(
            *expansion,
            ConvNormSiLU(dims, expanded, expanded, side=stage.side, stride=stride, groups=expanded),
            SqueezeExcitation(dims, expanded, max(1, c_in // 4)),
            Sequence(
                Conv(expanded, stage.c_out, window=ones, strides=ones), BatchNorm(stage.c_out)
            ),
        )
        self.shortcut = stride == 1 and c_in == stage.c_out
        if self.shortcut:
            self.stochastic_depth = Dropout(drop_rate, per_image=True)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        y = self.block(x)
        return x + self.stochastic_depth(y) if self.shortcut else y


class EfficientNet(Backbone):
    """3 x 3 convolution, seven stages of inverted residuals, 1 x 1 convolution, mean, linear map.

    Any size of image works. Maps are taken unless asked otherwise of the last stages at strides 4,
    8 and 16 of the image: at stride 32 an image of 32 x 32 is one cell.
    """

    stage_names: ClassVar = (
        *(f"features.{index}" for index in range(9)),
        "pooled",
        "classifier.1",
    )
    cam_layers: ClassVar = ("features.2", "features.3", "features.5")
    first_conv: ClassVar = "features.0.0"

    def __init__(
        self,
        name: str,
        spatial_dims: int,
        num_classes: int,
        in_channels: int,
        *,
        layout: tuple[Stage, ...],
    ) -> None:
        super().__init__(name, spatial_dims, num_classes, in_channels)
        self.features = Sequence(
            ConvNormSiLU(spatial_dims, in_channels, _STEM_CHANNELS, side=3, stride=2),
            *_stages(spatial_dims, layout),
            ConvNormSiLU(spatial_dims, layout[-1].c_out, _LAST_CHANNELS),
        )
        # torchvision's law of the head: by the number of classes, not of channels.
        law = Uniform(1 / sqrt(num_classes))
        head = Linear(_LAST_CHANNELS, num_classes, law=law, bias_law=Constant(0.0))
        self.classifier = Sequence(Dropout(0.2), head)

    def pooled(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b c"]:
        """The mean of the last convolution's output, and dropout."""
        dropout = getattr(self.classifier, "0")
        return dropout(global_mean(x))


def _stages(dims: int, layout: tuple[Stage, ...]) -> list[Sequence]:
    n_blocks = sum(stage.n_blocks for stage in layout)
    stages, c_in, n_before = [], _STEM_CHANNELS, 0
    for stage in layout:
        blocks = []
        for index in range(stage.n_blocks):
            stride = stage.stride if index == 0 else 1
            drop_rate = _MAX_DROP_RATE * n_before / n_blocks
            blocks.append(InvertedResidual(dims, c_in, stage, stride=stride, drop_rate=drop_rate))
            c_in = stage.c_out
            n_before += 1
        stages.append(Sequence(*blocks))
    return stages


def efficientnet_b0(num_classes: int, in_channels: int) -> EfficientNet:
    """EfficientNet-B0: 5 288 548 parameters for 1000 classes and 3 channels."""
    return EfficientNet("efficientnet_b0", 2, num_classes, in_channels, layout=_B0)


def efficientnet3d_b0(num_classes: int, in_channels: int) -> EfficientNet:
    """EfficientNet-B0 for volumes: 5 971 108 parameters for 1000 classes and 3 channels."""
    return EfficientNet("efficientnet3d_b0", 3, num_classes, in_channels, layout=_B0)
