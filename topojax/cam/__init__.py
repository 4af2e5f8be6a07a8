"""Class activation maps of the predicted class, and the regions of interest that they give.

`methods/` holds Grad-CAM, Grad-CAM++ and Score-CAM; `activation` runs one on a batch, `stack` on a
data set, with `batches` and `storage/` behind it; `resample` brings maps onto the image's grid, and
`roi` fuses and thresholds them.
"""

from topojax.cam.activation import activation_maps, check_layers, check_maps
from topojax.cam.batches import CamStack
from topojax.cam.methods import METHODS
from topojax.cam.resample import scale_maps, upsample_maps
from topojax.cam.roi import fuse_maps, regions_of_interest
from topojax.cam.stack import compute_cams

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
