"""Masks that U-Nets predict for the images of three splits.

Nothing in this module has an argument through which a label could come, and masks of test images
are no argument of what predicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sklearn.model_selection import KFold

from topojax.config import SegmentationConfig
from topojax.data import Dataset, SplitName
from topojax.errors import DataError
from topojax.experiments.segmentation.state_folder import claim_folder
from topojax.pipeline import stage_seed
from topojax.training import Normalisation
from topojax.training.segmentation import (
    FittedUNet,
    PredictedMasks,
    check_foreground,
    fit_unet,
    validate_masks,
)

Regions: TypeAlias = Mapping[SplitName, tuple[PredictedMasks, ...]]
"""By split, the masks of its images: of each network that reads them; of the training split, one
mask an image."""


@dataclass(frozen=True)
class TrueMasks:
    """Masks that somebody drew, bool (n, *spatial), of the images of each split.

    Those of the training split teach, those of the validation split choose the epoch. Those of the
    test split are measured against where they are given, and nothing else.
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray | None = None

    def of(self, split: SplitName) -> np.ndarray | None:
        """Return the masks of a split, or None where there are none."""
        return {"train": self.train, "val": self.val, "test": self.test}[split]

    def checked(self, dataset: Dataset) -> TrueMasks:
        """Return them as bool.

        Raises:
            DataError: they do not fit the images, or are no masks; see `validate_masks`.
        """
        found = {}
        for split in ("train", "val", "test"):
            masks = self.of(split)
            shape = (len(dataset.split(split).images), *dataset.shape)
            if masks is not None:
                found[split] = validate_masks(masks, shape, name=f"{split}_masks")
        return TrueMasks(**found)


@dataclass(frozen=True)
class MaskNetwork:
    """What every image passes through: normalisation by its training images, and the U-Net."""

    normalisation: Normalisation
    unet: FittedUNet

    def predict(self, images: np.ndarray) -> PredictedMasks:
        """Return the masks of images (n, *spatial[, C])."""
        return self.unet.predict(self.normalisation(images, self.unet.spatial_dims))


def predict_regions(
    images: Mapping[SplitName, np.ndarray],
    train_masks: np.ndarray,
    val_masks: np.ndarray,
    config: SegmentationConfig,
    *,
    spatial_dims: int,
    seed: int,
    folder: Path | None = None,
    progress: bool = False,
) -> Regions:
    """Train U-Nets on the folds of the training split, and return the masks of all images.

    A network's normalisation, weights and epoch know nothing of the images and masks of its fold,
    which it predicts afterwards. Folds are cut without labels.

    Args:
        images: of train, val and test, float32 (n, *spatial[, C]).
        train_masks, val_masks: bool (n, *spatial).
        config: see `SegmentationConfig`.
        spatial_dims: 2 or 3.
        seed: of folds, initial weights, shuffles and augmentations.
        folder: where training keeps its state to resume from, or None.
        progress: show bars on a terminal.

    Raises:
        DataError: fewer training images than folds; and as `fit_unet`.
        RunError: `folder` holds the state of other data or settings (`claim_folder`).
        TrainingError: training diverged.
    """
    folds = mask_folds(len(train_masks), config.folds, seed)
    for k, (index, _) in enumerate(folds):
        check_foreground(train_masks[index], name=f"train_masks but for fold {k + 1}")
    train, val = (images["train"], train_masks), (images["val"], val_masks)
    if folder is not None:
        arrays = (*train, *val)
        names = ("train_images", "train_masks", "val_images", "val_masks")
        claim_folder(folder, config, seed, dict(zip(names, arrays, strict=True)))
    networks = [
        _fitted(
            config,
            tuple(array[index] for array in train),
            val,
            spatial_dims,
            seed=stage_seed(seed, f"segmentation of fold {k}"),
            folder=folder / f"fold_{k}" if folder else None,
            progress=progress,
            title=f"U-Net {k + 1}/{len(folds)}, ",
        )
        for k, (index, _) in enumerate(folds)
    ]
    held_out = [index for _, index in folds]
    parts = [
        network.predict(images["train"][index])
        for network, index in zip(networks, held_out, strict=True)
    ]
    return {
        "train": (_in_order(parts, np.concatenate(held_out)),),
        "val": tuple(network.predict(images["val"]) for network in networks),
        "test": tuple(network.predict(images["test"]) for network in networks),
    }


def _fitted(
    config: SegmentationConfig,
    train: tuple[np.ndarray, ...],
    val: tuple[np.ndarray, ...],
    spatial_dims: int,
    **options: Any,
) -> MaskNetwork:
    """Return a network trained on images and masks; `options` are those of `fit_unet`."""
    normalisation = Normalisation.fit(train[0], spatial_dims)
    inputs = [(normalisation(images, spatial_dims), masks) for images, masks in (train, val)]
    return MaskNetwork(normalisation, fit_unet(config, *inputs, **options))


def mask_folds(n: int, n_folds: int, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return pairs of training images, int (m,): those a network is trained on, those it predicts.

    One fold: all of them, twice.

    Raises:
        DataError: fewer images than folds.
    """
    if n_folds == 1:
        return ((np.arange(n), np.arange(n)),)
    if n < n_folds:
        raise DataError(
            f"there are {n} training images, fewer than folds={n_folds}; give more images or set "
            f"folds to at most {n}"
        )
    fold_seed = stage_seed(seed, "folds of the segmentation")
    return tuple(KFold(n_folds, shuffle=True, random_state=fold_seed).split(np.zeros(n)))


def _in_order(parts: list[PredictedMasks], order: np.ndarray) -> PredictedMasks:
    """Return the folds' masks as one: row `order[i]` of it is row i of the parts."""
    places = np.argsort(order)
    return PredictedMasks(
        np.concatenate([part.masks for part in parts])[places],
        np.concatenate([part.empty for part in parts])[places],
    )
