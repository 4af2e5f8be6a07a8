"""Reading images through maps of their *true* class: the leak, on purpose.

Scripts that take the target of a class activation map from the label let it reach the ROI of every
test image, whose size alone then tells the classes apart, also where labels are random. These
functions exist to show that (`cam.target=label`, `topojax leaktest`); scores that come from here
mean nothing, and nothing else calls them.
"""

from __future__ import annotations

from topojax.cam.label_target import compute_label_cams
from topojax.cam.stack import CamStack
from topojax.config import Config
from topojax.data import Split
from topojax.pipeline.fitted import (
    FittedTopoCAM,
    Reading,
    check_shape,
    observe_maps,
    read_observation,
)
from topojax.training import FittedBackbone, Normalisation


def label_activation_maps(
    config: Config,
    backbone: FittedBackbone,
    normalisation: Normalisation,
    split: Split,
    spatial_dims: int,
    *,
    progress: bool = False,
) -> CamStack:
    """Return maps, logits and embeddings of images for their true class."""
    return compute_label_cams(
        backbone.model(),
        normalisation(split.images, spatial_dims),
        split.labels,
        layers=config.cam.layers,
        method=config.cam.method,
        batch_size=config.cam.batch_size,
        memory_mb=config.cam.memory_mb,
        progress=progress,
    )


def read_labelled(fitted: FittedTopoCAM, split: Split, *, progress: bool = False) -> Reading:
    """Return what a method that was fitted on maps of the true class reads in images.

    Raises:
        DataError: the images have another shape or number of channels than those fitted on.
    """
    check_shape(fitted, split.images)
    cams = label_activation_maps(
        fitted.config,
        fitted.backbone,
        fitted.normalisation,
        split,
        fitted.spatial_dims,
        progress=progress,
    )
    return read_observation(fitted, observe_maps(fitted, split.images, cams))
