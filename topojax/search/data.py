"""What a search may see: training and validation split, never the test split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.model_selection import StratifiedKFold

from topojax.errors import DataError
from topojax.topology import FilteredImages

SplitName = Literal["train", "val"]


@dataclass(frozen=True)
class LabelledMaps:
    """One split as a search sees it.

    Attributes:
        images: under the filtrations of a bank.
        maps: scaled CAMs, uint8 or float32 (n, L, *spatial).
        labels: int (n,).
    """

    images: FilteredImages
    maps: np.ndarray
    labels: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[LabelledMaps]) -> LabelledMaps:
        """Return several as one, such as one split as several networks see it."""
        return cls(
            FilteredImages.concatenate([part.images for part in parts]),
            np.concatenate([part.maps for part in parts]),
            np.concatenate([part.labels for part in parts]),
        )


@dataclass(frozen=True)
class SearchData:
    """Both splits, of which an objective takes what it reads."""

    train: LabelledMaps
    val: LabelledMaps

    def __getitem__(self, name: SplitName) -> LabelledMaps:
        """Return one split by name."""
        return self.train if name == "train" else self.val

    @property
    def n_layers(self) -> int:
        """L, the number of maps an image."""
        return self.train.maps.shape[1]


def stratified_folds(
    labels: np.ndarray, n_folds: int, seed: int, *, setting: str = "search.folds"
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return stratified folds as (fitted on, held out) index pairs.

    Args:
        labels: integers (n,) from 0 on.
        n_folds: 2 or more.
        seed: of the shuffle.
        setting: that says how many folds there are, for the message.

    Raises:
        DataError: a class has fewer samples than there are folds.
    """
    counts = np.bincount(labels)
    scarce = int(counts.argmin())
    if counts[scarce] < n_folds:
        raise DataError(
            f"class {scarce} has {counts[scarce]} training samples, fewer than {setting}="
            f"{n_folds}; give more samples or set {setting} to at most {counts[scarce]}"
        )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return tuple(folds.split(np.zeros(len(labels)), labels))
