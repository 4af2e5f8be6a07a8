"""Networks in Flax NNX, channels-last: backbones that CAMs are taken of, classifier, U-Net."""

from topojax.models.backbone import Backbone
from topojax.models.mlp import MLP
from topojax.models.rebase import has_folded_statistics, rebased
from topojax.models.registry import (
    abstract_model,
    check_image_shape,
    create_model,
    list_models,
    map_shapes,
    spatial_dims_of,
)
from topojax.models.segmentation.unet import UNet, create_unet

__all__ = [
    "MLP",
    "Backbone",
    "UNet",
    "abstract_model",
    "check_image_shape",
    "create_model",
    "create_unet",
    "has_folded_statistics",
    "list_models",
    "map_shapes",
    "rebased",
    "spatial_dims_of",
]
