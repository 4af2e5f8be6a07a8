"""DenseNet-121 for images (Huang et al. 2017), torchvision's.

Images may be of any size: torch refuses those below 32 x 32, whose maps run out of pixels in a
transition; here an axis of one pixel passes a transition's mean-pool as it is.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import ClassVar

from flax import nnx
from jax import numpy as jnp
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Constant, Normal
from topojax.models.blocks.layers import (
    BatchNorm,
    Conv,
    Linear,
    global_mean,
    max_pool,
    mean_pool,
    relu,
)

_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH


class DenseLayer(nnx.Module):
    """Batch norm, ReLU and convolution, first 1 x 1, then 3 x 3: 32 new channels."""

    def __init__(self, c_in: int) -> None:
        self.norm1 = BatchNorm(c_in)
        self.conv1 = _conv(c_in, _BOTTLENECK, 1)
        self.norm2 = BatchNorm(_BOTTLENECK)
        self.conv2 = _conv(_BOTTLENECK, _GROWTH, 3)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w new"]:
        y = self.conv1(relu(self.norm1(x)))
        return self.conv2(relu(self.norm2(y)))


class DenseBlock(nnx.Module):
    """Layers that each see the block's input and the new channels of all layers before them."""

    def __init__(self, c_in: int, n_layers: int) -> None:
        self.n_layers = n_layers
        for index in range(n_layers):
            setattr(self, f"denselayer{index + 1}", DenseLayer(c_in + index * _GROWTH))

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c_out"]:
        for index in range(self.n_layers):
            layer = getattr(self, f"denselayer{index + 1}")
            x = jnp.concatenate([x, layer(x)], axis=-1)
        return x


class Transition(nnx.Module):
    """Batch norm, ReLU, 1 x 1 convolution to half the channels, 2 x 2 mean-pool."""

    def __init__(self, c_in: int) -> None:
        self.norm = BatchNorm(c_in)
        self.conv = _conv(c_in, c_in // 2, 1)

    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c_out"]:
        return mean_pool(self.conv(relu(self.norm(x))), window=2, stride=2)


class Features(nnx.Module):
    """The stages before the pooling, under torchvision's names for them."""

    def __init__(self, in_channels: int, blocks: tuple[int, ...]) -> None:
        self.conv0 = _conv(in_channels, 64, 7, stride=2)
        self.norm0 = BatchNorm(64)
        c_in = 64
        for index, n_layers in enumerate(blocks, 1):
            setattr(self, f"denseblock{index}", DenseBlock(c_in, n_layers))
            c_in += n_layers * _GROWTH
            if index < len(blocks):
                setattr(self, f"transition{index}", Transition(c_in))
                c_in //= 2
        self.norm5 = BatchNorm(c_in)
        self.channels = c_in

    def relu0(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
        """What is below 0 set to 0."""
        return relu(x)

    def pool0(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
        """Maxima of 3 x 3 pixels around every other one."""
        return max_pool(x, window=3, stride=2, padding=1)


class DenseNet(Backbone):
    """7 x 7 convolution and max-pool, four dense blocks, a transition between any two, mean.

    Maps are taken unless asked otherwise of the first three dense blocks, at strides 4, 8 and 16
    of the image: at stride 32 an image of 32 x 32 is one cell.
    """

    stage_names: ClassVar = (
        *(f"features.{name}" for name in ("conv0", "norm0", "relu0", "pool0")),
        *(f"features.{kind}{i}" for i in (1, 2, 3) for kind in ("denseblock", "transition")),
        "features.denseblock4",
        "features.norm5",
        "pooled",
        "classifier",
    )
    cam_layers: ClassVar = ("features.denseblock1", "features.denseblock2", "features.denseblock3")
    first_conv: ClassVar = "features.conv0"

    def __init__(
        self, name: str, num_classes: int, in_channels: int, *, blocks: tuple[int, ...]
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.features = Features(in_channels, blocks)
        self.classifier = Linear(self.features.channels, num_classes, bias_law=Constant(0.0))

    def pooled(self, x: Float[Array, "b h w c"]) -> Float[Array, "b c"]:
        """The mean of what is above 0 in the last batch norm's output."""
        return global_mean(relu(x))


def _conv(c_in: int, c_out: int, side: int, *, stride: int = 1) -> Conv:
    window = (side, side)
    law = Normal(sqrt(2 / (prod(window) * c_in)))
    return Conv(c_in, c_out, window=window, strides=(stride, stride), law=law)


def densenet121(num_classes: int, in_channels: int) -> DenseNet:
    """DenseNet-121: 7 978 856 parameters for 1000 classes and 3 channels."""
    return DenseNet("densenet121", num_classes, in_channels, blocks=(6, 12, 24, 16))
