"""Segment, then analyse (paper, table 8): from images and masks to scores."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.config import Config, SegmentationConfig
from topojax.data import SPLITS, Dataset, SplitName, validate_dataset
from topojax.evaluation import Scores
from topojax.experiments.comparison import check_scorable, split_scores
from topojax.experiments.segmentation.analysis import (
    HELD_OUT,
    Probabilities,
    analyse_regions,
    check_analysis,
)
from topojax.experiments.segmentation.regions import Regions, TrueMasks, predict_regions
from topojax.pipeline import stage_seed
from topojax.training.segmentation import dice_scores

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class SegmentThenAnalyse:
    """What the topology of predicted masks says of validation and test images, and how good it is.

    Attributes:
        probabilities: by kind of features (`topology`: the baseline; `volumes` and `roi-size`: what
            it is measured against) and split, float32 (n, classes).
        scores: by kind of features and split, with intervals.
        dice: by split, Dice's coefficient of each image's predicted and true mask, float64 (n,),
            the mean over networks; of training images, by the network that has not seen them where
            there are folds. `test` only where its masks were given.
        n_empty: by split, images for which a network predicted no voxel; the mask became the voxels
            of the highest foreground probability.
    """

    probabilities: Probabilities
    scores: dict[str, dict[SplitName, Scores]]
    dice: dict[SplitName, np.ndarray]
    n_empty: dict[SplitName, int]


def segment_then_analyse(
    dataset: Dataset,
    masks: TrueMasks,
    config: Config,
    segmentation: SegmentationConfig,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> SegmentThenAnalyse:
    """Train U-Nets on masks, and classifiers on the topology of the masks that they predict.

    No label has a say in any mask. Labels of training images fit the classifiers, those of the
    others reach scores alone; masks of test images reach their Dice alone (METHOD.md,
    "Segmentation").

    Args:
        dataset: images and labels of three splits.
        masks: of its images; those of the test split may be missing.
        config: seed, topology, classifier and evaluation; no other section is looked at.
        segmentation: of the U-Nets.
        folder: where their training keeps its state to resume from, or None.
        progress: show bars on a terminal.

    Raises:
        DataError: masks that do not fit the images or are no masks; too few images of a class, or
            for the folds; images too small for the U-Net.
        ConfigError: settings that have no meaning here (`check_analysis`), an unknown filtration,
            or flips along an axis that the images do not have.
        RunError: `folder` holds the state of other data or settings.
        TrainingError: training diverged.
    """
    validate_dataset(dataset)
    check_analysis(dataset, config)
    for split in HELD_OUT:
        check_scorable(dataset.split(split).labels, dataset.class_names, name=split)
    masks = masks.checked(dataset)
    regions = predict_regions(
        {split: dataset.split(split).images for split in SPLITS},
        masks.train,
        masks.val,
        segmentation,
        spatial_dims=dataset.spatial_dims,
        seed=stage_seed(config.seed, "segmentation"),
        folder=folder,
        progress=progress,
    )
    found = analyse_regions(
        dataset,
        {split: [one.masks for one in parts] for split, parts in regions.items()},
        config,
    )
    return SegmentThenAnalyse(
        found, region_scores(dataset, found, config), _dice(regions, masks), _n_empty(regions)
    )


def region_scores(
    dataset: Dataset, probabilities: Probabilities, config: Config
) -> dict[str, dict[SplitName, Scores]]:
    """Return scores with bootstrap intervals, by kind of features and split."""
    return {
        name: {
            split: split_scores(config, split, dataset.split(split).labels, one)
            for split, one in by_split.items()
        }
        for name, by_split in probabilities.items()
    }


def _dice(regions: Regions, masks: TrueMasks) -> dict[SplitName, np.ndarray]:
    found: dict[SplitName, np.ndarray] = {}
    for split, parts in regions.items():
        true = masks.of(split)
        if true is not None:
            found[split] = np.mean([dice_scores(one.masks, true) for one in parts], axis=0)
    return found


def _n_empty(regions: Regions) -> dict[SplitName, int]:
    counts: dict[SplitName, int] = {}
    for split, parts in regions.items():
        empty = np.any([one.empty for one in parts], axis=0)
        counts[split] = int(np.count_nonzero(empty))
        if counts[split]:
            _LOGGER.warning(
                "%s: for %d of %d images a network predicted no voxel; the mask became the voxels "
                "of the highest foreground probability",
                split,
                counts[split],
                len(empty),
            )
    return counts
