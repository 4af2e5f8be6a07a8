"""ResNet-18 for images (He et al. 2016), as torchvision builds it."""

from __future__ import annotations

from topojax.models.residual import Architecture

RESNET18 = Architecture("resnet18", stem_window=(7, 7), stem_strides=(2, 2), stem_pooled=True)
