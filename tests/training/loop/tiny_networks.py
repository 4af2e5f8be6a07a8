"""Networks that compile in a second, known to the registry under `tiny` and `plain`.

Not a test: the fixture `tiny_networks` and the programs that tests start in processes of their own
import it.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from topojax.models import Backbone, registry
from topojax.models.blocks.layers import BatchNorm, Conv, Dropout, Linear, global_mean, relu

Images = tuple[np.ndarray, np.ndarray]


class Tiny(Backbone):
    """Convolution, batch normalisation, dropout, linear map."""

    stage_names: ClassVar = ("features", "pooled", "fc")
    cam_layers: ClassVar = ("features",)
    first_conv: ClassVar = "conv1"

    def __init__(self, num_classes: int, in_channels: int) -> None:
        super().__init__("tiny", 2, num_classes, in_channels)
        self.conv1 = Conv(in_channels, 6, window=(3, 3), strides=(1, 1))
        self.bn1 = BatchNorm(6)
        self.dropout = Dropout(0.25)
        self.fc = Linear(6, num_classes)

    def features(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h w 6"]:
        return relu(self.bn1(self.conv1(x)))

    def pooled(self, x: Float[Array, "b h w 6"]) -> Float[Array, "b 6"]:
        return self.dropout(global_mean(x))


class Plain(Backbone):
    """Convolution and linear map; samples of a batch do not see each other."""

    stage_names: ClassVar = ("conv1", "pooled", "fc")
    cam_layers: ClassVar = ("conv1",)
    first_conv: ClassVar = "conv1"

    def __init__(self, num_classes: int, in_channels: int) -> None:
        super().__init__("plain", 2, num_classes, in_channels)
        self.conv1 = Conv(in_channels, 6, window=(3, 3), strides=(1, 1), bias=True)
        self.fc = Linear(6, num_classes)

    def pooled(self, x: Float[Array, "b h w 6"]) -> Float[Array, "b 6"]:
        return global_mean(relu(x))


def register() -> None:
    """Make `create_model` know the networks."""
    registry._BUILDERS[2].update(tiny=Tiny, plain=Plain)


def forget() -> None:
    """Take them away again."""
    for name in ("tiny", "plain"):
        del registry._BUILDERS[2][name]


def two_classes() -> tuple[Images, Images]:
    """Return 24 training and 10 validation images of 8 x 9 pixels; one class has a bright spot."""
    rng = np.random.default_rng(5)
    labels = (np.arange(34) % 3 == 0).astype(np.int64)
    images = rng.standard_normal((34, 8, 9, 1)).astype(np.float32)
    images[labels == 1, 2:5, 2:5] += 1.5
    return (images[:24], labels[:24]), (images[24:], labels[24:])
