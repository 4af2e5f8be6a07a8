"""R3D-18 for volumes (Tran et al. 2018), as torchvision builds it for video: depth is time."""

from __future__ import annotations

from topojax.models.residual import Architecture

R3D_18 = Architecture("r3d_18", stem_window=(3, 7, 7), stem_strides=(1, 2, 2), stem_pooled=False)
