"""VGG-16 for images (Simonyan and Zisserman 2015), torchvision's, without batch norm.

Images may be of any size: torch refuses those below 32 x 32, whose maps run out of pixels in a
max-pool; here an axis of one pixel passes a max-pool as it is.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jax import lax
from jax import numpy as jnp
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Constant, Normal
from topojax.models.blocks.layers import Conv, Dropout, Linear, Sequence, max_pool, relu

_SIDE = 7


class VGG(Backbone):
    """Blocks of 3 x 3 convolutions and a max-pool each, 7 x 7 means, three linear maps.

    Maps are taken unless asked otherwise of the last ReLU of blocks 3, 4 and 5, at strides 4, 8
    and 16 of the image.
    """

    cam_layers: ClassVar = ("features.15", "features.22", "features.29")
    first_conv: ClassVar = "features.0"
    stage_names: ClassVar = (
        *(f"features.{index}" for index in range(31)),
        "avgpool",
        "pooled",
        "classifier.6",
    )

    def __init__(
        self, name: str, num_classes: int, in_channels: int, *, blocks: tuple[tuple[int, ...], ...]
    ) -> None:
        super().__init__(name, 2, num_classes, in_channels)
        self.features = Sequence(*_features(in_channels, blocks))
        self.classifier = Sequence(
            _linear(blocks[-1][-1] * _SIDE**2, 4096),
            relu,
            Dropout(0.5),
            _linear(4096, 4096),
            relu,
            Dropout(0.5),
            _linear(4096, num_classes),
        )

    def avgpool(self, x: Float[Array, "b h w c"]) -> Float[Array, "b 7 7 c"]:
        """Means over a 7 x 7 grid of windows, whatever the size of the map."""
        return adaptive_mean(x, (_SIDE, _SIDE))

    def pooled(self, x: Float[Array, "b 7 7 c"]) -> Float[Array, "b 4096"]:
        """What two linear maps, each with ReLU and dropout, make of the 7 x 7 means."""
        # The published kernel's rows are in torch's order, channels first.
        y = jnp.moveaxis(x, -1, 1).reshape(len(x), -1)
        for index in range(self.classifier.length - 1):
            y = getattr(self.classifier, str(index))(y)
        return y


def adaptive_mean(x: Float[Array, "b h w c"], sizes: tuple[int, int]) -> Float[Array, "b h2 w2 c"]:
    """Take means as torch's `AdaptiveAvgPool2d`: m windows an axis, which overlap or repeat.

    Window i of an axis of n pixels is from ⌊i n / m⌋ up to ⌈(i + 1) n / m⌉.
    """
    rows, columns = (_window_weights(*pair) for pair in zip(x.shape[1:-1], sizes, strict=True))
    means = jnp.einsum(
        "ih,jw,bhwc->bijc", rows, columns, x.astype(jnp.float32), precision=lax.Precision.HIGHEST
    )
    return means.astype(x.dtype)


def _window_weights(n: int, m: int) -> Float[np.ndarray, "m n"]:
    window, pixel = np.arange(m)[:, None], np.arange(n)
    inside = (window * n // m <= pixel) & (pixel < -(-(window + 1) * n // m))
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _features(in_channels: int, blocks: tuple[tuple[int, ...], ...]) -> list[object]:
    parts: list[object] = []
    c_in = in_channels
    for block in blocks:
        for c_out in block:
            parts += [Conv(c_in, c_out, window=(3, 3), strides=(1, 1), bias=True), relu]
            c_in = c_out
        parts.append(_halved)
    return parts


def _halved(x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c"]:
    return max_pool(x, window=2, stride=2)


def _linear(n_in: int, n_out: int) -> Linear:
    return Linear(n_in, n_out, law=Normal(0.01), bias_law=Constant(0.0))


def vgg16(num_classes: int, in_channels: int) -> VGG:
    """VGG-16: 138 357 544 parameters for 1000 classes and 3 channels."""
    blocks = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)
    return VGG("vgg16", num_classes, in_channels, blocks=blocks)
