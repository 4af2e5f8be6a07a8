"""Classifiers on what given regions show: their topology, and what needs none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from topojax.config import Config, TopologyConfig
from topojax.data import Dataset, SplitName
from topojax.errors import ConfigError, DataError
from topojax.pipeline.plan import Seeds, settled_filtrations
from topojax.topology import (
    BankDescriptors,
    describe_bank,
    filter_images,
    grey_images,
    learn_filtered_images,
    learn_grid,
)
from topojax.topology.filtered_images import Grids
from topojax.training import check_selection, classifier_probabilities, fit_classifier

REGION_FEATURES: dict[str, Callable[[BankDescriptors], np.ndarray]] = {
    "topology": BankDescriptors.matrix,
    "volumes": BankDescriptors.volume_matrix,
    "roi-size": lambda found: found.voxels[:, None].astype(np.float32),
}
"""By name, float32 (n, n_features), named as those of a fit are: φ; volumes of the sublevel sets on
the region, which know nothing of topology; V' alone."""

HELD_OUT: tuple[SplitName, ...] = ("val", "test")
"""The splits that classifiers read."""

Probabilities = dict[str, dict[SplitName, np.ndarray]]
"""By kind of features and split, float32 (n, classes)."""


def analyse_regions(
    dataset: Dataset, masks: Mapping[SplitName, Sequence[np.ndarray]], config: Config
) -> Probabilities:
    """Describe regions, train a classifier on the training split's, and let it read the others.

    Args:
        dataset: of images and labels. Those of the training split fit grids and classifiers; the
            others reach nothing.
        masks: by split, regions bool (n, *spatial), none of them empty; one set for the training
            split, one or several for the others, whose probabilities are averaged.
        config: seed, topology and classifier; no other section is looked at. See `check_analysis`.

    Returns:
        Of `val` and `test`, by each of `REGION_FEATURES`.

    Raises:
        ConfigError: as `check_analysis`.
        DataError: as `check_analysis`; regions that do not fit the images, an empty one, or a class
            without a sample.
    """
    check_analysis(dataset, config)
    filtrations = settled_filtrations(config.topology, dataset.spatial_dims)
    topology = config.topology.model_copy(update={"filtrations": filtrations})
    grids, (train,) = _described(dataset, masks, "train", None, topology)
    seen = {split: _described(dataset, masks, split, grids, topology)[1] for split in HELD_OUT}
    seed, labels = Seeds.of(config.seed).classifier, dataset.train.labels
    found: Probabilities = {}
    for name, features in REGION_FEATURES.items():
        fitted = fit_classifier(seed, features(train), labels, dataset.n_classes, config.classifier)
        found[name] = {
            split: np.mean([classifier_probabilities(fitted, features(one)) for one in parts], 0)
            for split, parts in seen.items()
        }
    return found


def check_analysis(dataset: Dataset, config: Config) -> None:
    """Refuse what would stop the analysis, and settings without a meaning where regions are given.

    Raises:
        ConfigError: features of a network that is not there, images left out, or calibration, which
            is not done; an unknown filtration.
        DataError: constant images, or too few of a class for `classifier.model=auto`.
    """
    meant = {
        "classifier.features": (config.classifier.features, "topology"),
        "topology.empty_roi": (config.topology.empty_roi, "keep"),
        "classifier.calibrate": (config.classifier.calibrate, False),
    }
    for key, (value, expected) in meant.items():
        if value != expected:
            raise ConfigError(
                f"{key}={value!r} has no meaning for regions that are given; expected {expected!r}"
            )
    settled_filtrations(config.topology, dataset.spatial_dims)
    # Of constant images no filtration has values to threshold; grids of others are learnt later.
    learn_grid(dataset.train.images, config.topology)
    if config.classifier.model == "auto":
        check_selection(dataset.train.labels, config.classifier)


def _described(
    dataset: Dataset,
    masks: Mapping[SplitName, Sequence[np.ndarray]],
    split: SplitName,
    grids: Grids | None,
    config: TopologyConfig,
) -> tuple[Grids, list[BankDescriptors]]:
    """Return the grids, learnt where there are none, and the descriptors of each set of regions."""
    grey = grey_images(dataset.split(split).images, dataset.spatial_dims)
    for one in masks[split]:
        _check_regions(one, grey.shape, split)
    learnt = learn_filtered_images(grey, config) if grids is None else None
    images = learnt or filter_images(grey, grids or {}, config)
    return images.grids, [describe_bank(images, one, config) for one in masks[split]]


def _check_regions(masks: np.ndarray, shape: tuple[int, ...], split: SplitName) -> None:
    if masks.dtype != np.bool_ or masks.shape != shape:
        raise DataError(
            f"masks of the {split} split are {masks.dtype} of shape {masks.shape}; expected bool "
            f"of shape {shape}, one voxel a voxel of the images"
        )
    empty = np.flatnonzero(~masks.reshape(len(masks), -1).any(axis=1))
    if empty.size:
        raise DataError(
            f"{len(empty)} masks of the {split} split are empty, the first of sample {empty[0]}; "
            "an empty region has no topology to describe, so give it voxels or leave the image out"
        )
