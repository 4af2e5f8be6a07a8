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
    """One split as a search sees it, in memory or mapped.

    Attributes:
        images: under the filtrations of a bank.
        maps: scaled CAMs, uint8 or float32 (n, L, *spatial).
        labels: int (n,).
    """

    images: FilteredImages
    maps: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class SearchData:
    """Both splits, of which an objective takes what it reads.

    Attributes:
        train, val: as a network sees them.
        other_val: the validation split again, as each further network sees it.
    """

    train: LabelledMaps
    val: LabelledMaps
    other_val: tuple[LabelledMaps, ...] = ()

    def parts(self, names: Sequence[SplitName]) -> tuple[LabelledMaps, ...]:
        """Return what there is of splits, in order: each as every network sees it."""
        of_split = {"train": (self.train,), "val": (self.val, *self.other_val)}
        return tuple(part for name in names for part in of_split[name])

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
