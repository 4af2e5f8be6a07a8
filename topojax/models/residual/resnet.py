"""ResNet-18 and ResNet-50 for images (He et al. 2016), torchvision's."""

from __future__ import annotations

from typing import ClassVar

from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.layers import (
    BatchNorm,
    Conv,
    Linear,
    Sequence,
    global_mean,
    max_pool,
    relu,
)


class BasicBlock(nnx.Module):
    """Two 3 x 3 convolutions beside a shortcut, projected where the shape changes."""

    expansion: ClassVar = 1

    def __init__(self, c_in: int, c_out: int, *, stride: int) -> None:
        strides = (stride, stride)
        self.conv1 = Conv(c_in, c_out, window=(3, 3), strides=strides)
        self.bn1 = BatchNorm(c_out)
        self.conv2 = Conv(c_out, c_out, window=(3, 3), strides=(1, 1))
        self.bn2 = BatchNorm(c_out)
        self.projected = stride > 1 or c_in != c_out
        if self.projected:
            self.downsample = Sequence(
                Conv(c_in, c_out, window=(1, 1), strides=strides), BatchNorm(c_out)
            )

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c_out"]:
        y = relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return relu(y + (self.downsample(x) if self.projected else x))


class Bottleneck(nnx.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolution beside a shortcut, projected where the shape changes.

    The stride is that of the 3 x 3 convolution, torchvision's "version 1.5", rather than of the
    first, as in the paper.
    """

    expansion: ClassVar = 4

    def __init__(self, c_in: int, width: int, *, stride: int) -> None:
        c_out = self.expansion * width
        strides = (stride, stride)
        self.conv1 = Conv(c_in, width, window=(1, 1), strides=(1, 1))
        self.bn1 = BatchNorm(width)
        self.conv2 = Conv(width, width, window=(3, 3), strides=strides)
        self.bn2 = BatchNorm(width)
        self.conv3 = Conv(width, c_out, window=(1, 1), strides=(1, 1))
        self.bn3 = BatchNorm(c_out)
        self.projected = stride > 1 or c_in != c_out
        if self.projected:
            self.downsample = Sequence(
                Conv(c_in, c_out, window=(1, 1), strides=strides), BatchNorm(c_out)
            )

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c_out"]:
        y = relu(self.bn1(self.conv1(x)))
        y = relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return relu(y + (self.downsample(x) if self.projected else x))


class ResNet(Backbone):
    """7 x 7 convolution and max-pool, four layers of residual blocks, mean, linear map."""

    stage_names: ClassVar = ("stem", "layer1", "layer2", "layer3", "layer4", "pooled", "fc")
    cam_layers: ClassVar = ("layer2", "layer3", "layer4")
    first_conv: ClassVar = "conv1"
    halved_last: ClassVar = "layer3"

    def __init__(
        self,
        name: str,
        num_classes: int,
        in_channels: int,
        *,
        block: type[BasicBlock] | type[Bottleneck],
        blocks: tuple[int, ...],
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.conv1 = Conv(in_channels, 64, window=(7, 7), strides=(2, 2))
        self.bn1 = BatchNorm(64)
        c_in = 64
        for index, n_blocks in enumerate(blocks):
            width = 64 * 2**index
            c_out = block.expansion * width
            first = block(c_in, width, stride=1 if index == 0 else 2)
            others = [block(c_out, width, stride=1) for _ in range(n_blocks - 1)]
            setattr(self, f"layer{index + 1}", Sequence(first, *others))
            c_in = c_out
        self.fc = Linear(c_in, num_classes)

    def stem(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        """Everything before the first layer."""
        return max_pool(relu(self.bn1(self.conv1(x))), window=3, stride=2, padding=1)

    def pooled(self, x: Float[Array, "b h w c"]) -> Float[Array, "b c"]:
        """The mean of the last layer's output."""
        return global_mean(x)


def resnet18(num_classes: int, in_channels: int) -> ResNet:
    """ResNet-18: 11 689 512 parameters for 1000 classes and 3 channels."""
    return ResNet("resnet18", num_classes, in_channels, block=BasicBlock, blocks=(2, 2, 2, 2))


def resnet50(num_classes: int, in_channels: int) -> ResNet:
    """ResNet-50: 25 557 032 parameters for 1000 classes and 3 channels."""
    return ResNet("resnet50", num_classes, in_channels, block=Bottleneck, blocks=(3, 4, 6, 3))
