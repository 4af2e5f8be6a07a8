"""The backbones by name: what there is, how to make one, what images it takes."""

from __future__ import annotations

from flax import nnx

from topojax.errors import ConfigError, DataError
from topojax.models.initialise import initial_state
from topojax.models.residual import LAYERS, Architecture, ResidualNetwork
from topojax.models.resnet import RESNET18
from topojax.models.video_resnet import R3D_18

_ARCHITECTURES = {architecture.name: architecture for architecture in (RESNET18, R3D_18)}


def list_models() -> tuple[str, ...]:
    """Return the names that `create_model` knows."""
    return tuple(_ARCHITECTURES)


def create_model(
    name: str, num_classes: int, in_channels: int = 3, *, rngs: nnx.Rngs
) -> ResidualNetwork:
    """Make a network with initial weights as torchvision draws them.

    Args:
        name: one of `list_models()`.
        num_classes: length of the logits.
        in_channels: of the images.
        rngs: the stream `params` gives the weights.

    Returns:
        A module: float32 images (B, H, W, C) or (B, D, H, W, C) to logits (B, num_classes).

    Raises:
        ConfigError: an unknown name, or a count below 1.
    """
    architecture = _architecture(name)
    for argument, value in (("num_classes", num_classes), ("in_channels", in_channels)):
        if value < 1:
            raise ConfigError(f"{argument}={value} is not a positive number; give 1 or more")
    # Built without arrays, then filled at once: eager construction takes seconds.
    abstract = nnx.eval_shape(
        lambda: ResidualNetwork(architecture, num_classes, in_channels, rngs=nnx.Rngs(0))
    )
    graph, state = nnx.split(abstract)
    return nnx.merge(graph, initial_state(state, rngs.params()))


def network_strides(name: str) -> dict[str, tuple[int, ...]]:
    """Return the input voxels along each axis that one cell of each stage's map covers.

    Raises:
        ConfigError: an unknown name.
    """
    return _architecture(name).total_strides()


def check_image_shape(name: str, spatial_shape: tuple[int, ...]) -> None:
    """Refuse images that run out of voxels before the last stage; builds no network.

    Every strided stage must have two cells to halve, so each axis must exceed the total stride of
    the stage before the last.

    Args:
        name: one of `list_models()`.
        spatial_shape: (H, W) or (D, H, W), without channels.

    Raises:
        ConfigError: an unknown name.
        DataError: another number of axes, or an axis too short.
    """
    architecture = _architecture(name)
    shape = tuple(spatial_shape)
    if len(shape) != architecture.spatial_dims:
        raise DataError(
            f"images of spatial shape {shape} do not fit {name}, which takes "
            f"{architecture.spatial_dims} axes; choose another network or reshape the images"
        )
    strides = architecture.total_strides()[LAYERS[-2]]
    if any(size <= stride for size, stride in zip(shape, strides, strict=True)):
        least = tuple(stride + 1 for stride in strides)
        raise DataError(
            f"images of spatial shape {shape} are too small for {name}, which needs at least "
            f"{least}; resize them"
        )


def _architecture(name: str) -> Architecture:
    if name not in _ARCHITECTURES:
        raise ConfigError(f"network {name!r} is unknown; choose one of {', '.join(list_models())}")
    return _ARCHITECTURES[name]
