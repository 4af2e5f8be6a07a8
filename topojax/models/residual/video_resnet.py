"""R3D-18, MC3-18 and R(2+1)D-18 for volumes (Tran et al. 2018), torchvision's: depth is time.

The three share layers and blocks and differ in their convolutions: 3 x 3 x 3 everywhere (R3D); so
in the first layer and 1 x 3 x 3 in the others (MC3); 1 x 3 x 3 followed by 3 x 1 x 1, with as many
channels between them as keep the number of parameters (R(2+1)D).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.layers import BatchNorm, Conv, Linear, Sequence, global_mean, relu

Convolution: TypeAlias = Callable[[int, int, int, int], nnx.Module]
"""From input, output and middle channels and stride to a module."""


def full(c_in: int, c_out: int, middle: int, stride: int) -> nnx.Module:
    """3 x 3 x 3."""
    return Conv(c_in, c_out, window=(3, 3, 3), strides=(stride,) * 3)


def in_plane(c_in: int, c_out: int, middle: int, stride: int) -> nnx.Module:
    """1 x 3 x 3; the depth is not strided either."""
    return Conv(c_in, c_out, window=(1, 3, 3), strides=(1, stride, stride))


def factored(c_in: int, c_out: int, middle: int, stride: int) -> nnx.Module:
    """1 x 3 x 3, batch norm, ReLU, 3 x 1 x 1."""
    return Sequence(
        Conv(c_in, middle, window=(1, 3, 3), strides=(1, stride, stride)),
        BatchNorm(middle),
        relu,
        Conv(middle, c_out, window=(3, 1, 1), strides=(stride, 1, 1)),
    )


class VideoBlock(nnx.Module):
    """Two convolutions beside a shortcut, projected where the shape changes."""

    def __init__(self, c_in: int, c_out: int, *, stride: int, convolution: Convolution) -> None:
        # What a 3 x 3 x 3 kernel has in parameters, a 1 x 3 x 3 and a 3 x 1 x 1 have with so many.
        middle = c_in * c_out * 27 // (c_in * 9 + 3 * c_out)
        self.conv1 = Sequence(convolution(c_in, c_out, middle, stride), BatchNorm(c_out), relu)
        self.conv2 = Sequence(convolution(c_out, c_out, middle, 1), BatchNorm(c_out))
        self.projected = stride > 1 or c_in != c_out
        if self.projected:
            depth_stride = 1 if convolution is in_plane else stride
            self.downsample = Sequence(
                Conv(c_in, c_out, window=(1, 1, 1), strides=(depth_stride, stride, stride)),
                BatchNorm(c_out),
            )

    def __call__(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b d2 h2 w2 c_out"]:
        y = self.conv2(self.conv1(x))
        return relu(y + (self.downsample(x) if self.projected else x))


class VideoResNet(Backbone):
    """Stem, four layers of two blocks, mean, linear map."""

    stage_names: ClassVar = ("stem", "layer1", "layer2", "layer3", "layer4", "pooled", "fc")
    cam_layers: ClassVar = ("layer2", "layer3", "layer4")
    first_conv: ClassVar = "stem.0"
    halved_last: ClassVar = "layer3"

    def __init__(
        self,
        name: str,
        num_classes: int,
        in_channels: int,
        *,
        stem: Sequence,
        convolutions: tuple[Convolution, ...],
    ) -> None:
        super().__init__(name, 3, num_classes, in_channels)
        self.stem = stem
        c_in = 64
        for index, convolution in enumerate(convolutions):
            c_out = 64 * 2**index
            stride = 1 if index == 0 else 2
            first = VideoBlock(c_in, c_out, stride=stride, convolution=convolution)
            second = VideoBlock(c_out, c_out, stride=1, convolution=convolution)
            setattr(self, f"layer{index + 1}", Sequence(first, second))
            c_in = c_out
        self.fc = Linear(c_in, num_classes)

    def pooled(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b c"]:
        """The mean of the last layer's output."""
        return global_mean(x)


def _full_stem(in_channels: int) -> Sequence:
    conv = Conv(in_channels, 64, window=(3, 7, 7), strides=(1, 2, 2))
    return Sequence(conv, BatchNorm(64), relu)


def _factored_stem(in_channels: int) -> Sequence:
    return Sequence(
        Conv(in_channels, 45, window=(1, 7, 7), strides=(1, 2, 2)),
        BatchNorm(45),
        relu,
        Conv(45, 64, window=(3, 1, 1), strides=(1, 1, 1)),
        BatchNorm(64),
        relu,
    )


def r3d_18(num_classes: int, in_channels: int) -> VideoResNet:
    """R3D-18: 33 371 472 parameters for 400 classes and 3 channels."""
    return VideoResNet(
        "r3d_18",
        num_classes,
        in_channels,
        stem=_full_stem(in_channels),
        convolutions=(full,) * 4,
    )


def mc3_18(num_classes: int, in_channels: int) -> VideoResNet:
    """MC3-18: 11 695 440 parameters for 400 classes and 3 channels."""
    return VideoResNet(
        "mc3_18",
        num_classes,
        in_channels,
        stem=_full_stem(in_channels),
        convolutions=(full, in_plane, in_plane, in_plane),
    )


def r2plus1d_18(num_classes: int, in_channels: int) -> VideoResNet:
    """R(2+1)D-18: 31 505 325 parameters for 400 classes and 3 channels."""
    return VideoResNet(
        "r2plus1d_18",
        num_classes,
        in_channels,
        stem=_factored_stem(in_channels),
        convolutions=(factored,) * 4,
    )
