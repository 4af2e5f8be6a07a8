"""M3T: multi-plane and multi-slice transformer for volumes (Jang and Hwang 2022).

Two 5 x 5 x 5 convolutions make features of every voxel; their slices across every axis pass one
2-D network; each slice is then a token of a transformer. The authors published neither code nor
weights. Of their paper: 32 channels, batch norm and ReLU of the convolutions, ResNet-50 as the 2-D
network, a non-linear projection of its means to 512 and 256, a class token, a separator token after
every plane, learnt position and plane embeddings, 8 blocks of width 256 with 8 heads and 768 hidden
channels, the class from the class token. Their volumes are 128 x 128 x 128. Left open by the paper,
and chosen here:

- How 32 channels enter a network for 3: its first convolution takes 32. All others of `cnn2d` have
  torchvision's names and shapes.
- Which axis is which plane, as that depends on the data: coronal, sagittal and axial slices, in
  that order, are those across the first, second and third axis.
- Volumes that are no cubes: slices are zero-padded at their far ends to squares as wide as the
  longest axis, since they pass the 2-D network, and its batch norm, together.
- Position embeddings are stored for 64 slices a plane, and one for the class token and each
  separator. Another number of slices gets them linearly interpolated.
- The class token and the first separator count as coronal.
- Blocks are pre-norm, with a last layer norm before the linear map to the classes. Dropout is 0.1
  after their linear maps but queries, keys and values, and after the embeddings. Tokens and
  embeddings start from a normal law of deviation 0.02.
- The two convolutions have no bias: batch norm cancels it.

The paper counts 29.12 million parameters; for its one channel and two classes they are 30.23
million here, and nothing that it states tells where the difference lies.
"""

from __future__ import annotations

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from topojax.models.backbone import Backbone
from topojax.models.blocks.laws import Normal
from topojax.models.blocks.layers import (
    BatchNorm,
    Conv,
    Dropout,
    LayerNorm,
    Linear,
    Sequence,
    parameter,
    relu,
)
from topojax.models.blocks.transformer import EncoderBlock, interpolated, token_linear
from topojax.models.residual.resnet import resnet50

_CHANNELS = 32
_WIDTH = 256
_DEPTH = 8
_HIDDEN = 768
_PROJECTED = 512
_STORED_SLICES = 64
_DROPOUT = 0.1


class M3T(Backbone):
    """3-D convolutions, slices across every axis, 2-D network, transformer, class token.

    The two 3-D convolutions give maps, of the volume's own size. From there on there are tokens of
    slices, which are no map.
    """

    stage_names: ClassVar = (
        "cnn3d.0",
        "cnn3d.1",
        "slice_tokens",
        *(f"blocks.{index}" for index in range(_DEPTH)),
        "pooled",
        "fc",
    )
    cam_layers: ClassVar = ("cnn3d.0", "cnn3d.1")
    first_conv: ClassVar = "cnn3d.0.0"

    def __init__(self, name: str, num_classes: int, in_channels: int) -> None:
        super().__init__(name, 3, num_classes, in_channels)
        self.cnn3d = Sequence(
            _volume_features(in_channels, _CHANNELS), _volume_features(_CHANNELS, _CHANNELS)
        )
        self.cnn2d = resnet50(_PROJECTED, _CHANNELS)
        self.projection = Linear(_PROJECTED, _WIDTH)
        law = Normal(0.02)
        self.cls_token = parameter((_WIDTH,), law)
        self.sep_token = parameter((_WIDTH,), law)
        self.slice_positions = parameter((3, _STORED_SLICES, _WIDTH), law)
        self.mark_positions = parameter((4, _WIDTH), law)
        self.plane_embed = parameter((3, _WIDTH), law)
        self.pos_drop = Dropout(_DROPOUT)
        blocks = [
            EncoderBlock(_WIDTH, heads=8, hidden=_HIDDEN, dropout=_DROPOUT) for _ in range(_DEPTH)
        ]
        self.blocks = Sequence(*blocks)
        self.norm = LayerNorm(_WIDTH)
        self.fc = token_linear(_WIDTH, num_classes)

    def slice_tokens(self, x: Float[Array, "b d h w c"]) -> Float[Array, "b n_tokens width"]:
        """Tokens [class, coronal slices, separator, sagittal, separator, axial, separator]."""
        slices = jnp.concatenate(plane_slices(x), axis=1)
        features = self.projection(relu(self.cnn2d(slices.reshape(-1, *slices.shape[2:]))))
        return self.pos_drop(self._embedded(features.reshape(len(x), -1, _WIDTH), x.shape[1:-1]))

    def _embedded(
        self, slices: Float[Array, "b n width"], counts: tuple[int, ...]
    ) -> Float[Array, "b n_tokens width"]:
        planes = self.plane_embed[...].astype(slices.dtype)
        marks = self._marks().astype(slices.dtype)
        marks = jnp.broadcast_to(marks, (len(slices), *marks.shape))
        tokens = [marks[:, :1]]
        by_plane = jnp.split(slices, (counts[0], counts[0] + counts[1]), axis=1)
        for plane, (part, count) in enumerate(zip(by_plane, counts, strict=True)):
            positions = interpolated(self.slice_positions[plane], (count,)).astype(slices.dtype)
            tokens += [part + positions + planes[plane], marks[:, plane + 1 : plane + 2]]
        return jnp.concatenate(tokens, axis=1)

    def _marks(self) -> Float[Array, "4 width"]:
        # The class token and the separators after each plane.
        separator = self.sep_token[...]
        marks = jnp.stack([self.cls_token[...], separator, separator, separator])
        return marks + self.mark_positions[...] + self.plane_embed[...][jnp.array([0, 0, 1, 2])]

    def pooled(self, x: Float[Array, "b n_tokens width"]) -> Float[Array, "b width"]:
        """The last block's class token, after a layer norm."""
        return self.norm(x[:, 0])


def plane_slices(x: Float[Array, "b d h w c"]) -> list[Float[Array, "b n side side c"]]:
    """Return the slices across each axis, zero-padded at their far ends to the longest axis."""
    side = max(x.shape[1:-1])
    planes = []
    for axis in (1, 2, 3):
        slices = jnp.moveaxis(x, axis, 1)
        missing = [(0, side - size) for size in slices.shape[2:4]]
        planes.append(jnp.pad(slices, [(0, 0), (0, 0), *missing, (0, 0)]))
    return planes


def _volume_features(c_in: int, c_out: int) -> Sequence:
    return Sequence(Conv(c_in, c_out, window=(5, 5, 5), strides=(1, 1, 1)), BatchNorm(c_out), relu)


def m3t(num_classes: int, in_channels: int) -> M3T:
    """M3T: 30 239 458 parameters for 2 classes and 3 channels."""
    return M3T("m3t", num_classes, in_channels)
