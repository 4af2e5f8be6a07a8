"""Residual networks of basic blocks (He et al. 2016), one class for 2-D images and for volumes.

The modules are torchvision's, stage by stage, so that its weights fit and a class activation map
may be taken of any stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jaxtyping import Array, Float

from topojax.models.convolution import Conv
from topojax.models.initialise import linear

LAYERS = ("layer1", "layer2", "layer3", "layer4")
STAGES = ("stem", *LAYERS, "head")
_LAYER_CHANNELS = (64, 64, 128, 256, 512)

# torch's momentum 0.1 weighs the new batch, flax's the old statistics.
_batch_norm = partial(nnx.BatchNorm, momentum=0.9, epsilon=1e-5)


@dataclass(frozen=True)
class Architecture:
    """What tells torchvision's residual networks of basic blocks apart.

    Attributes:
        name: torchvision's.
        stem_window: the first convolution's kernel; one entry a spatial axis.
        stem_strides: its strides.
        stem_pooled: whether a 3-wide max-pool of stride 2 follows.
    """

    name: str
    stem_window: tuple[int, ...]
    stem_strides: tuple[int, ...]
    stem_pooled: bool
    blocks_per_layer: int = 2

    @property
    def spatial_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return len(self.stem_window)

    def total_strides(self) -> dict[str, tuple[int, ...]]:
        """Return the input voxels a cell of each stage's output, along every spatial axis."""
        pooling = 2 if self.stem_pooled else 1
        stem = tuple(stride * pooling for stride in self.stem_strides)
        return {
            "stem": stem,
            **{
                layer: tuple(stride * 2**depth for stride in stem)
                for depth, layer in enumerate(LAYERS)
            },
        }


class ConvNorm(nnx.Module):
    """Convolution and batch normalisation."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        *,
        window: tuple[int, ...],
        strides: tuple[int, ...],
        rngs: nnx.Rngs,
    ) -> None:
        self.conv = Conv(c_in, c_out, window=window, strides=strides)
        self.norm = _batch_norm(c_out, rngs=rngs)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        return self.norm(self.conv(x))


class Stem(nnx.Module):
    """The first convolution, down to a coarser grid, and the max-pool where there is one."""

    def __init__(self, architecture: Architecture, in_channels: int, *, rngs: nnx.Rngs) -> None:
        self.pooled = architecture.stem_pooled
        self.unit = ConvNorm(
            in_channels,
            _LAYER_CHANNELS[0],
            window=architecture.stem_window,
            strides=architecture.stem_strides,
            rngs=rngs,
        )

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        features = jax.nn.relu(self.unit(x))
        return _max_pool(features) if self.pooled else features


class BasicBlock(nnx.Module):
    """Two 3-wide convolutions beside a shortcut, projected where the shape changes."""

    def __init__(
        self, c_in: int, c_out: int, *, stride: int, spatial_dims: int, rngs: nnx.Rngs
    ) -> None:
        window, ones, strides = ((n,) * spatial_dims for n in (3, 1, stride))
        self.first = ConvNorm(c_in, c_out, window=window, strides=strides, rngs=rngs)
        self.second = ConvNorm(c_out, c_out, window=window, strides=ones, rngs=rngs)
        self.projected = stride > 1 or c_in != c_out
        if self.projected:
            self.shortcut = ConvNorm(c_in, c_out, window=ones, strides=strides, rngs=rngs)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c_out"]:
        residual = self.second(jax.nn.relu(self.first(x)))
        shortcut = self.shortcut(x) if self.projected else x
        return jax.nn.relu(residual + shortcut)


class Head(nnx.Module):
    """Mean over space, then one linear map to the logits."""

    def __init__(self, c_in: int, num_classes: int, *, rngs: nnx.Rngs) -> None:
        self.linear = linear(c_in, num_classes, rngs=rngs)

    def __call__(self, features: Float[Array, "b *spatial c"]) -> Float[Array, "b classes"]:
        return self.linear(features.mean(axis=tuple(range(1, features.ndim - 1))))


class ResidualNetwork(nnx.Module):
    """Stem, four layers of basic blocks, head; `STAGES` names them in order.

    Convolution kernels are zero: `create_model` fills them.
    """

    def __init__(
        self, architecture: Architecture, num_classes: int, in_channels: int, *, rngs: nnx.Rngs
    ) -> None:
        self.architecture = architecture
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.stem = Stem(architecture, in_channels, rngs=rngs)
        for layer, (c_in, c_out) in zip(LAYERS, pairwise(_LAYER_CHANNELS), strict=True):
            setattr(self, layer, _layer(architecture, c_in, c_out, rngs))
        self.head = Head(_LAYER_CHANNELS[-1], num_classes, rngs=rngs)

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b classes"]:
        """Return the logits of channels-last images."""
        return self.run(STAGES, x)

    def run(self, stages: tuple[str, ...], x: Float[Array, "b ..."]) -> Float[Array, "b ..."]:
        """Return what consecutive stages make of x, the output of the stage before them."""
        for stage in stages:
            x = getattr(self, stage)(x)
        return x


def _layer(architecture: Architecture, c_in: int, c_out: int, rngs: nnx.Rngs) -> nnx.Sequential:
    # Where the channels double the grid is halved, once, in the first block.
    def block(index: int) -> BasicBlock:
        first = index == 0
        return BasicBlock(
            c_in if first else c_out,
            c_out,
            stride=2 if first and c_in != c_out else 1,
            spatial_dims=architecture.spatial_dims,
            rngs=rngs,
        )

    return nnx.Sequential(*(block(index) for index in range(architecture.blocks_per_layer)))


def _max_pool(x: Float[Array, "b *spatial c"]) -> Float[Array, "b *outputs c"]:
    """Take the maximum over 3-wide windows of stride 2; the padding never wins."""
    dims = x.ndim - 2
    window, strides = (1, *(3,) * dims, 1), (1, *(2,) * dims, 1)
    padding = ((0, 0), *((1, 1),) * dims, (0, 0))
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, padding)
