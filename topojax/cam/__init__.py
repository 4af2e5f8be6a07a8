"""Class activation maps of the predicted class, and the regions of interest that they give."""

from topojax.cam.methods import METHODS, activation_maps, check_layers, check_maps
from topojax.cam.resample import scale_maps, upsample_maps
from topojax.cam.roi import fuse_maps, regions_of_interest
from topojax.cam.stack import CamStack, compute_cams

__all__ = [
    "METHODS",
    "CamStack",
    "activation_maps",
    "check_layers",
    "check_maps",
    "compute_cams",
    "fuse_maps",
    "regions_of_interest",
    "scale_maps",
    "upsample_maps",
]
