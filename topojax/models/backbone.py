"""What all backbones have in common: a chain of named stages."""

from __future__ import annotations

from typing import Any, ClassVar

from flax import nnx
from jaxtyping import Array, Float


class Backbone(nnx.Module):
    """A network as a chain of stages, each a sub-module or a method of one argument.

    Sub-modules carry the names of the reference implementation, so that the path of a parameter is
    its name in a state dict, and a class activation map may be taken of any stage whose output has
    the shape (B, *map, C).

    Class attributes:
        stage_names: in the order in which they run; the last is the linear map that gives the
            logits, and what the one before it gives is the embedding.
        cam_layers: the stages of which maps are taken unless others are asked for, coarsest last.
        first_conv: name of the convolution that sees the image.
        halved_last: the stage whose map must have two cells along every axis, since the next one
            halves it; None: images may be of any size.
        buffers: last parts of the names of state-dict entries that are no weights.
    """

    stage_names: ClassVar[tuple[str, ...]]
    cam_layers: ClassVar[tuple[str, ...]]
    first_conv: ClassVar[str]
    halved_last: ClassVar[str | None] = None
    buffers: ClassVar[tuple[str, ...]] = ("num_batches_tracked",)

    def __init__(self, name: str, spatial_dims: int, num_classes: int, in_channels: int) -> None:
        self.name = name
        self.spatial_dims = spatial_dims
        self.num_classes = num_classes
        self.in_channels = in_channels

    def __call__(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b classes"]:
        """Return the logits of channels-last images."""
        return self.run(self.stage_names, x)

    @property
    def head_name(self) -> str:
        """Name of the last stage, the linear map that gives the logits."""
        return self.stage_names[-1]

    @property
    def num_features(self) -> int:
        """F, the length of an embedding."""
        return _stage(self, self.head_name).kernel.shape[0]

    def embed(self, x: Float[Array, "b *spatial c"]) -> Float[Array, "b f"]:
        """Return the pooled features of channels-last images, of which logits are linear."""
        return self.run(self.stage_names[:-1], x)

    def run(self, stages: tuple[str, ...], x: Float[Array, "b ..."]) -> Float[Array, "b ..."]:
        """Return what consecutive stages make of x, the output of the stage before them."""
        for stage in stages:
            x = _stage(self, stage)(x)
        return x


def _stage(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module
