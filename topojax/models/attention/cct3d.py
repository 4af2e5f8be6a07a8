"""3D-CCT: the compact convolutional transformer (Hassani et al. 2021) on volumes.

The TopoCAM paper compares with "3D-CCT, which injects convolutional tokenization into a compact
transformer architecture for volumetric inputs", trained from scratch, and states neither its size
nor its tokenizer nor whose code. Chosen here:

- Size: CCT-7, the authors' largest for small images: width 256, 7 blocks, 4 heads, 512 hidden
  channels; position embeddings learnt; attention dropout 0.1, stochastic depth from 0 to 0.1, no
  other dropout: their defaults.
- Tokenizer: 3 x 3 x 3 convolutions without bias, ReLU, max-pools of 3 at stride 2, 64 channels but
  after the last, all theirs with an axis more; three of them (their CCT-7/3x1 and CCT-7/3x2 have
  one and two): a volume of 64 x 64 x 64 gives 512 tokens, and 64 those of 28 x 28 x 28. With two it
  would be 4096, of whose attention one volume's weights fill 268 MB a block.
- Position embeddings are stored for 8 x 8 x 8 tokens. Another grid gets them linearly interpolated.
- Blocks are pre-norm throughout, as the paper has them from ViT. The authors' code replaces the sum
  of shortcut and attention by its layer norm, which cuts the shortcut; that is not done here.
- Sequence pooling has no bias: the softmax over tokens cancels it.

No weights are published.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod, sqrt
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Normal
from topojax.models.blocks.layers import Conv, LayerNorm, Sequence, max_pool, parameter, relu
from topojax.models.blocks.transformer import EncoderBlock, interpolated, token_linear

_STORED_GRID = (8, 8, 8)
_WIDTH = 256
_DEPTH = 7
_TOKENIZER_CHANNELS = (64, 64, _WIDTH)


class CompactTransformer3D(Backbone):
    """Convolutional tokenizer, position embeddings, encoder blocks, sequence pooling, linear map.

    Every stage but the last gives a map. Maps are taken unless asked otherwise of the tokenizer's
    second and third part, at strides 4 and 8 of the volume, and of the last block.
    """

    stage_names: ClassVar = (
        *(f"tokenizer.{index}" for index in range(len(_TOKENIZER_CHANNELS))),
        "positioned",
        *(f"blocks.{index}" for index in range(_DEPTH)),
        "pooled",
        "fc",
    )
    cam_layers: ClassVar = ("tokenizer.1", "tokenizer.2", "blocks.6")
    first_conv: ClassVar = "tokenizer.0.0"

    def __init__(self, name: str, num_classes: int, in_channels: int) -> None:
        super().__init__(name, 3, num_classes, in_channels)
        channels = (in_channels, *_TOKENIZER_CHANNELS)
        self.tokenizer = Sequence(*(_tokenizer_part(*pair) for pair in pairwise(channels)))
        self.positional_emb = parameter((*_STORED_GRID, _WIDTH), Normal(0.2))
        blocks = [
            EncoderBlock(
                _WIDTH,
                heads=4,
                hidden=2 * _WIDTH,
                qkv_bias=False,
                attention_dropout=0.1,
                stochastic_depth=0.1 * index / (_DEPTH - 1),
            )
            for index in range(_DEPTH)
        ]
        self.blocks = Sequence(*blocks)
        self.norm = LayerNorm(_WIDTH)
        self.attention_pool = token_linear(_WIDTH, 1, bias=False)
        self.fc = token_linear(_WIDTH, num_classes)

    def positioned(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b d h w c"]:
        """The tokens with their position embeddings."""
        return x + interpolated(self.positional_emb[...], x.shape[1:-1]).astype(x.dtype)

    def pooled(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b c"]:
        """The weighted sum of the last block's tokens, after a layer norm."""
        tokens = self.norm(x).reshape(len(x), -1, x.shape[-1])
        weights = pooling_weights(self.attention_pool(tokens)[..., 0])
        return jnp.einsum("bn,bnc->bc", weights, tokens)


def pooling_weights(scores: Float[Array, "b n"]) -> Float[Array, "b n"]:
    """Weights of the tokens in their sum, of their scores: a softmax, in float32."""
    return jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(scores.dtype)


def _tokenizer_part(c_in: int, c_out: int) -> Sequence:
    window = (3, 3, 3)
    law = Normal(sqrt(2 / (prod(window) * c_in)))
    return Sequence(Conv(c_in, c_out, window=window, strides=(1, 1, 1), law=law), relu, _halved)


def _halved(x: Float[Array, "b d h w c"]) -> Float[Array, "b d2 h2 w2 c"]:
    return max_pool(x, window=3, stride=2, padding=1)


def cct3d(num_classes: int, in_channels: int) -> CompactTransformer3D:
    """3D-CCT-7/3x3: 4 374 850 parameters for 2 classes and 3 channels."""
    return CompactTransformer3D("cct3d", num_classes, in_channels)
