"""The backbones by name: what there is, how to make one, what images it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from topojax.errors import ConfigError, DataError
from topojax.models.attention.cct3d import cct3d
from topojax.models.attention.davit import davit_tiny
from topojax.models.attention.m3t import m3t
from topojax.models.attention.mobilevit import mobilevit_s
from topojax.models.attention.swin_v2 import swin_v2_t
from topojax.models.attention.vit3d import vit3d
from topojax.models.backbone import Backbone
from topojax.models.blocks.initialise import initial_state
from topojax.models.convolutional.densenet import densenet121
from topojax.models.convolutional.efficientnet import efficientnet3d_b0, efficientnet_b0
from topojax.models.convolutional.vgg import vgg16
from topojax.models.residual.resnet import resnet18, resnet50
from topojax.models.residual.video_resnet import mc3_18, r2plus1d_18, r3d_18

_PLANAR = (
    resnet18,
    resnet50,
    densenet121,
    vgg16,
    efficientnet_b0,
    swin_v2_t,
    davit_tiny,
    mobilevit_s,
)
_VOLUMETRIC = (r3d_18, mc3_18, r2plus1d_18, efficientnet3d_b0, cct3d, vit3d, m3t)
_BUILDERS: dict[int, dict[str, Callable[[int, int], Backbone]]] = {
    dims: {builder.__name__: builder for builder in builders}
    for dims, builders in ((2, _PLANAR), (3, _VOLUMETRIC))
}


def list_models(spatial_dims: int | None = None) -> tuple[str, ...]:
    """Return the names that `create_model` knows, of 2-D or 3-D networks or of all."""
    wanted = _BUILDERS if spatial_dims is None else {spatial_dims: _BUILDERS[spatial_dims]}
    return tuple(name for builders in wanted.values() for name in builders)


def create_model(name: str, num_classes: int, in_channels: int = 3, *, rngs: nnx.Rngs) -> Backbone:
    """Make a network with initial weights by the laws of its reference implementation.

    Args:
        name: one of `list_models()`.
        num_classes: length of the logits.
        in_channels: of the images.
        rngs: the stream `params` gives the weights.

    Returns:
        A module: images (B, H, W, C) or (B, D, H, W, C), float32 or bfloat16, to logits
        (B, num_classes) of the same dtype. Parameters are float32.

    Raises:
        ConfigError: an unknown name, or a count below 1.
    """
    graph, state = nnx.split(abstract_model(name, num_classes, in_channels))
    return nnx.merge(graph, initial_state(state, rngs.params()))


def abstract_model(name: str, num_classes: int, in_channels: int = 3) -> Backbone:
    """Return the network with shapes in place of arrays, at once: drawing them takes seconds.

    The caller's own, to be changed.

    Raises:
        ConfigError: as `create_model`.
    """
    builder = _BUILDERS[spatial_dims_of(name)][name]
    for argument, value in (("num_classes", num_classes), ("in_channels", in_channels)):
        if value < 1:
            raise ConfigError(f"{argument}={value} is not a positive number; give 1 or more")
    return nnx.clone(_abstract(builder, num_classes, in_channels))


@lru_cache(maxsize=64)
def _abstract(
    builder: Callable[[int, int], Backbone], num_classes: int, in_channels: int
) -> Backbone:
    # Tracing the whole network takes 50 to 650 ms, and one fit asks for it a dozen times.
    return nnx.eval_shape(lambda: builder(num_classes, in_channels))


def spatial_dims_of(name: str) -> int:
    """Return 2 for a network for images, 3 for volumes.

    Raises:
        ConfigError: an unknown name.
    """
    for dims, builders in _BUILDERS.items():
        if name in builders:
            return dims
    raise ConfigError(f"network {name!r} is unknown; choose one of {', '.join(list_models())}")


def map_shapes(
    name: str, spatial_shape: tuple[int, ...], in_channels: int = 1
) -> MappingProxyType[str, tuple[int, ...]]:
    """Return the spatial shape of every stage's output that is a map; computes no network.

    Raises:
        ConfigError: an unknown name.
        DataError: another number of axes.
    """
    found = _map_outputs(name, spatial_shape, in_channels)
    return MappingProxyType({stage: shape[:-1] for stage, shape in found.items()})


def map_channels(
    name: str, spatial_shape: tuple[int, ...], in_channels: int = 1
) -> MappingProxyType[str, int]:
    """Return the channels of every stage's output that is a map; as `map_shapes`."""
    found = _map_outputs(name, spatial_shape, in_channels)
    return MappingProxyType({stage: shape[-1] for stage, shape in found.items()})


@lru_cache
def _map_outputs(
    name: str, spatial_shape: tuple[int, ...], in_channels: int
) -> dict[str, tuple[int, ...]]:
    model = abstract_model(name, 1, in_channels)
    if len(spatial_shape) != model.spatial_dims:
        raise DataError(
            f"images of spatial shape {spatial_shape} do not fit {name}, which takes "
            f"{model.spatial_dims} axes; choose another network or reshape the images"
        )
    model.eval()
    x = jax.ShapeDtypeStruct((1, *spatial_shape, in_channels), jnp.float32)
    outputs = nnx.eval_shape(_stage_outputs, model, x)
    return {
        stage: outputs[stage].shape[1:]
        for stage in model.stage_names
        if len(outputs[stage].shape) == model.spatial_dims + 2
    }


def _stage_outputs(model: Backbone, x: Float[Array, "b *spatial c"]) -> dict[str, Array]:
    outputs = {}
    for stage in model.stage_names:
        outputs[stage] = x = model.run((stage,), x)
    return outputs


def check_image_shape(name: str, spatial_shape: tuple[int, ...]) -> None:
    """Refuse images that run out of voxels before the last stage.

    Args:
        name: one of `list_models()`.
        spatial_shape: (H, W) or (D, H, W), without channels.

    Raises:
        ConfigError: an unknown name.
        DataError: another number of axes, or an axis too short.
    """
    shape = tuple(spatial_shape)
    stage = abstract_model(name, 1, 1).halved_last
    shapes = map_shapes(name, shape)
    if stage is not None and min(shapes[stage]) < 2:
        raise DataError(
            f"images of spatial shape {shape} are too small for {name}: {stage}, of which the next "
            f"stage takes every other cell, has {shapes[stage]} cells and needs 2 along every "
            "axis; resize them"
        )
