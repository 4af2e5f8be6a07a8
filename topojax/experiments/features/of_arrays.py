"""Descriptors of images in arrays: whole images, or the ROIs of a fitted method."""

from __future__ import annotations

from pathlib import Path

from topojax.config import TopologyConfig
from topojax.data import ImageSet
from topojax.errors import ConfigError
from topojax.experiments.features.arrays_in_blocks import (
    rois_in_blocks,
    whole_images_in_blocks,
)
from topojax.experiments.features.table import Features
from topojax.experiments.features.work import Work
from topojax.pipeline import FittedTopoCAM
from topojax.topology import (
    describe_whole,
    expand_filtrations,
    grey_images,
    learn_filtered_images,
)


def roi_features(
    fitted: FittedTopoCAM, found: ImageSet, run: Path, work: Work | None = None
) -> Features:
    """Return the descriptors of images on the ROIs of a fitted method.

    Args:
        fitted: the method.
        found: the images.
        run: folder of the method, which workers read it from.
        work: who makes them; None: this process.

    Raises:
        ConfigError: the method cannot read images without their labels.
        DataError: the images have another shape or number of channels than those fitted on.
        RunError: finished parts cannot be kept, or workers died again and again.
    """
    names = tuple(row.name for row in found.rows)
    if work is not None and work.is_spread:
        with work.opened() as blocks:
            return rois_in_blocks(fitted, found.images, run, blocks, names)
    reading = fitted.read(found.images, progress=True)
    return Features(reading.matrix(), reading.whole.feature_names(), fitted.grids, names)


def whole_image_features(
    found: ImageSet, config: TopologyConfig, work: Work | None = None
) -> Features:
    """Return the descriptors of whole images (the paper's Topo-Original).

    Args:
        found: the images.
        config: of the topology.
        work: who makes them; None: this process.

    Raises:
        ConfigError: thresholds by quantiles where others make them, which need all images at once.
        DataError: a filtration's finite values are one constant.
        RunError: finished parts cannot be kept, or workers died again and again.
    """
    names = expand_filtrations(config.filtrations, found.spatial_dims)
    config = config.model_copy(update={"filtrations": names})
    if work is not None and work.is_spread:
        if config.grid == "quantile":
            raise ConfigError(
                "topology.grid=quantile needs all images at once, and they would be spread; set "
                "topology.grid=fixed, or leave --workers, --scheduler and --slurm out"
            )
        with work.opened() as blocks:
            return whole_images_in_blocks(found.images, found.spatial_dims, config, blocks)
    grey = grey_images(found.images, found.spatial_dims)
    images = learn_filtered_images(grey, config, progress=True)
    described = describe_whole(images, config)
    return Features(described.matrix(), described.feature_names(), images.grids)
