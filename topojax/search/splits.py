"""What a search may see: training and validation split, never the test split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.model_selection import StratifiedKFold

from topojax.errors import DataError

SplitName = Literal["train", "val"]


@dataclass(frozen=True)
class SplitArrays:
    """One split.

    Attributes:
        images: what is filtered, float32 (n, *spatial).
        maps: scaled CAMs, uint8 or float32 (n, L, *spatial).
        labels: int (n,).
    """

    images: np.ndarray
    maps: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class SearchSplits:
    """Both splits, of which an objective takes what it reads.

    Attributes:
        train_images, val_images: what is filtered, float32 (n, *spatial).
        train_maps, val_maps: scaled CAMs, uint8 or float32 (n, L, *spatial).
        train_labels, val_labels: int (n,).
    """

    train_images: np.ndarray
    train_maps: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_maps: np.ndarray
    val_labels: np.ndarray

    def __getitem__(self, name: SplitName) -> SplitArrays:
        """Return one split by name."""
        if name == "train":
            return SplitArrays(self.train_images, self.train_maps, self.train_labels)
        return SplitArrays(self.val_images, self.val_maps, self.val_labels)


def stratified_folds(
    labels: np.ndarray, n_folds: int, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return stratified folds as (fitted on, scored on) index pairs.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    counts = np.bincount(labels)
    scarce = int(counts.argmin())
    if counts[scarce] < n_folds:
        raise DataError(
            f"class {scarce} has {counts[scarce]} training samples, fewer than search.folds="
            f"{n_folds}; give more samples or set search.folds to at most {counts[scarce]}"
        )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return tuple(folds.split(np.zeros(len(labels)), labels))
