"""The pre-norm transformer encoder (Dosovitskiy et al. 2021, appendix A), on tokens in any layout.

Tokens are a sequence or cells of a grid, (B, *grid, C): attention sees all of them alike, so that
the output of a block on a grid is a map that a CAM can be taken of. Names of parameters are timm's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.models.blocks.laws import Constant, Normal
from topojax.models.blocks.layers import Dropout, LayerNorm, Linear

Activation: TypeAlias = Callable[[jax.Array], jax.Array]

_STD = 0.02


def gelu(x: Float[Array, " ..."]) -> Float[Array, " ..."]:
    """Return x Φ(x), exactly rather than by tanh."""
    return jax.nn.gelu(x, approximate=False)


class Attention(nnx.Module):
    """Multi-head self-attention (Vaswani et al. 2017), softmax in float32.

    Args:
        width: channels of a token, a multiple of heads.
        heads: channels are attended to in so many groups.
        qkv_bias: whether queries, keys and values have one.
        dropout: of the output.
        attention_dropout: of the weights that a token gives to the others.
        std: of the initial weights.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        qkv_bias: bool,
        dropout: float,
        attention_dropout: float,
        std: float = _STD,
    ) -> None:
        self.heads = heads
        self.qkv = token_linear(width, 3 * width, bias=qkv_bias, std=std)
        self.attn_drop = Dropout(attention_dropout)
        self.proj = token_linear(width, width, std=std)
        self.proj_drop = Dropout(dropout)

    def __call__(self, x: Float[Array, "b *grid c"]) -> Float[Array, "b *grid c"]:
        tokens = x.reshape(len(x), -1, x.shape[-1])
        qkv = self.qkv(tokens).reshape(*tokens.shape[:2], 3, self.heads, -1)
        queries, keys, values = (qkv[:, :, part] for part in range(3))
        scores = jnp.einsum("bqhc,bkhc->bhqk", queries, keys) / sqrt(queries.shape[-1])
        weights = jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(x.dtype)
        y = jnp.einsum("bhqk,bkhc->bqhc", self.attn_drop(weights), values)
        return self.proj_drop(self.proj(y.reshape(x.shape)))


class MLP(nnx.Module):
    """Two linear maps with an activation between them, token by token."""

    def __init__(
        self,
        width: int,
        hidden: int,
        *,
        dropout: float,
        activation: Activation = gelu,
        std: float = _STD,
    ) -> None:
        self.activation = activation
        self.fc1 = token_linear(width, hidden, std=std)
        self.drop1 = Dropout(dropout)
        self.fc2 = token_linear(hidden, width, std=std)
        self.drop2 = Dropout(dropout)

    def __call__(self, x: Float[Array, "b *grid c"]) -> Float[Array, "b *grid c"]:
        y = self.drop1(self.activation(self.fc1(x)))
        return self.drop2(self.fc2(y))


class EncoderBlock(nnx.Module):
    """Layer norm and attention, then layer norm and MLP, each beside a shortcut.

    Args:
        width: channels of a token.
        heads: of the attention.
        hidden: channels between the two linear maps of the MLP.
        qkv_bias: whether queries, keys and values have a bias.
        dropout: after every linear map but that of queries, keys and values.
        attention_dropout: of the attention's weights.
        stochastic_depth: rate at which an image skips the attention, and the MLP.
        activation: of the MLP.
        std: of the initial weights.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        hidden: int,
        qkv_bias: bool = True,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        activation: Activation = gelu,
        std: float = _STD,
    ) -> None:
        self.norm1 = LayerNorm(width)
        self.attn = Attention(
            width,
            heads,
            qkv_bias=qkv_bias,
            dropout=dropout,
            attention_dropout=attention_dropout,
            std=std,
        )
        self.norm2 = LayerNorm(width)
        self.mlp = MLP(width, hidden, dropout=dropout, activation=activation, std=std)
        self.drop_path = Dropout(stochastic_depth, per_image=True)

    def __call__(self, x: Float[Array, "b *grid c"]) -> Float[Array, "b *grid c"]:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def token_linear(n_in: int, n_out: int, *, bias: bool = True, std: float = _STD) -> Linear:
    """Return a linear map that starts as timm's transformers do: normal, of deviation 0.02.

    Theirs is cut off at ±2, a hundred deviations away.
    """
    return Linear(n_in, n_out, bias=bias, law=Normal(std), bias_law=Constant(0.0))


def interpolated(
    table: Float[Array, "*stored c"], grid: tuple[int, ...]
) -> Float[Array, "*grid c"]:
    """Return position embeddings for another grid of tokens; on the stored one as they are.

    Linear along every axis, between the centres of cells, and constant beyond the outermost ones.
    """
    return jax.image.resize(table, (*grid, table.shape[-1]), "linear", antialias=False)
