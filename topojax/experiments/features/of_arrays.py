"""Descriptors of images in arrays: whole images, or the ROIs of a fitted method."""

from __future__ import annotations

from topojax.config import TopologyConfig
from topojax.data import ImageSet
from topojax.experiments.features.table import Features
from topojax.pipeline import FittedTopoCAM
from topojax.topology import (
    describe_whole,
    expand_filtrations,
    grey_images,
    learn_filtered_images,
)


def roi_features(fitted: FittedTopoCAM, found: ImageSet) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method."""
    reading = fitted.read(found.images, progress=True)
    names = tuple(row.name for row in found.rows)
    return Features(reading.matrix(), reading.whole.feature_names(), fitted.grids, names)


def whole_image_features(found: ImageSet, config: TopologyConfig) -> Features:
    """Return the descriptors of whole images (the paper's Topo-Original)."""
    names = expand_filtrations(config.filtrations, found.spatial_dims)
    config = config.model_copy(update={"filtrations": names})
    grey = grey_images(found.images, found.spatial_dims)
    images = learn_filtered_images(grey, config, progress=True)
    described = describe_whole(images, config)
    return Features(described.matrix(), described.feature_names(), images.grids)
