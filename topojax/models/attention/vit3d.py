"""3D-ViT: the vision transformer (Dosovitskiy et al. 2021) on cubic patches.

The TopoCAM paper compares with "a 3D adaptation of the original vision transformer", trained from
scratch, and states neither its size nor its patches nor whose code. Chosen here:

- Size: ViT-S (Touvron et al. 2021): width 384, 12 blocks, 6 heads, 1536 hidden channels. The
  smallest of the original's own, ViT-B, has 86 million parameters, where data sets of volumes have
  a thousand images.
- Patches of 8 x 8 x 8 voxels: 512 tokens of a volume of 64 x 64 x 64, 64 of one of 28 x 28 x 28.
  Zeros are added at the far ends where patches do not divide the volume.
- No class token: the mean over tokens after the last layer norm, as in "Better plain ViT baselines
  for ImageNet-1k" (Beyer et al. 2022). Every stage's output is then a map, and the gradient reaches
  every token of the last one.
- Position embeddings are learnt, as in the original, and stored for 8 x 8 x 8 tokens. Another grid
  gets them linearly interpolated.
- Dropout of 0.1 after every linear map but queries, keys and values, and after the position
  embeddings: the original's when it trains on ImageNet alone.

No weights are published.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Normal, fan_in_uniform
from topojax.models.blocks.layers import Conv, Dropout, LayerNorm, Sequence, global_mean, parameter
from topojax.models.blocks.transformer import EncoderBlock, interpolated, token_linear

_PATCH = 8
_STORED_GRID = (8, 8, 8)
_WIDTH = 384
_DEPTH = 12
_DROPOUT = 0.1


class PatchEmbedding(nnx.Module):
    """One linear map of every patch; zeros beyond the far ends complete the last patches."""

    def __init__(self, c_in: int, width: int, side: int) -> None:
        self.side = side
        window = (side,) * 3
        self.proj = Conv(
            c_in,
            width,
            window=window,
            strides=window,
            padding=(0, 0, 0),
            bias=True,
            law=fan_in_uniform(prod(window) * c_in),
        )

    def __call__(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b d2 h2 w2 width"]:
        missing = [(0, -size % self.side) for size in x.shape[1:-1]]
        return self.proj(jnp.pad(x, [(0, 0), *missing, (0, 0)]))


class VisionTransformer3D(Backbone):
    """Patches, position embeddings, encoder blocks, layer norm, mean over tokens, linear map.

    Every stage but the last gives a map with one cell a patch. Maps are taken unless asked
    otherwise after a third, two thirds and all of the blocks.
    """

    stage_names: ClassVar = (
        "patch_embed",
        "positioned",
        *(f"blocks.{index}" for index in range(_DEPTH)),
        "pooled",
        "fc",
    )
    cam_layers: ClassVar = ("blocks.3", "blocks.7", "blocks.11")
    first_conv: ClassVar = "patch_embed.proj"

    def __init__(self, name: str, num_classes: int, in_channels: int) -> None:
        super().__init__(name, 3, num_classes, in_channels)
        self.patch_embed = PatchEmbedding(in_channels, _WIDTH, _PATCH)
        self.pos_embed = parameter((*_STORED_GRID, _WIDTH), Normal(0.02))
        self.pos_drop = Dropout(_DROPOUT)
        blocks = [
            EncoderBlock(_WIDTH, heads=6, hidden=4 * _WIDTH, dropout=_DROPOUT)
            for _ in range(_DEPTH)
        ]
        self.blocks = Sequence(*blocks)
        self.norm = LayerNorm(_WIDTH)
        self.fc = token_linear(_WIDTH, num_classes)

    def positioned(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b d h w c"]:
        """The patches with their position embeddings."""
        positions = interpolated(self.pos_embed[...], x.shape[1:-1])
        return self.pos_drop(x + positions.astype(x.dtype))

    def pooled(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b c"]:
        """The mean of the last block's output, after a layer norm."""
        return global_mean(self.norm(x))


def vit3d(num_classes: int, in_channels: int) -> VisionTransformer3D:
    """3D-ViT, size S: 22 081 922 parameters for 2 classes and 3 channels."""
    return VisionTransformer3D("vit3d", num_classes, in_channels)
