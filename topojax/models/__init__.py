"""Networks in Flax NNX, channels-last: the backbones that CAMs are taken of, and the classifier."""

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

__all__ = [
    "MLP",
    "Backbone",
    "abstract_model",
    "check_image_shape",
    "create_model",
    "has_folded_statistics",
    "list_models",
    "map_shapes",
    "rebased",
    "spatial_dims_of",
]
