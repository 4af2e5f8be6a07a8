"""Networks in Flax NNX, channels-last: the backbones that CAMs are taken of, and the classifier."""

from topojax.models.mlp import MLP
from topojax.models.registry import (
    check_image_shape,
    create_model,
    list_models,
    network_strides,
)
from topojax.models.residual import LAYERS, STAGES, ResidualNetwork

__all__ = [
    "LAYERS",
    "MLP",
    "STAGES",
    "ResidualNetwork",
    "check_image_shape",
    "create_model",
    "list_models",
    "network_strides",
]
