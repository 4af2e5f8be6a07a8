"""Images and masks of the runs, at the size and in the number that is chosen for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from topojax.data import MEDMNIST, Dataset, Masks, fewer_images, fewer_rows, resize_dataset
from topojax.experiments.paper import PaperTables
from topojax.experiments.reproduce.budgets import BUDGETS
from topojax.experiments.reproduce.planned import Choices

_CUT_SEED = 0
"""One choice of images for all runs, so that rows and seeds are of the same."""


@dataclass(frozen=True)
class Reader:
    """Reads a data set by name and size, as what is chosen has it.

    Attributes:
        read: from a name and a size, or None for that which is stored, to images.
        read_masks: from the same to their masks.
        choices: size, budget and cut.
    """

    read: Callable[[str, int | None], Dataset]
    read_masks: Callable[[str, int | None], Masks]
    choices: Choices

    def images(self, name: str, size: int | None) -> Dataset:
        """Return the images, cut where that is chosen."""
        dataset, n = self._whole(name, size), self.choices.cut
        return dataset if n is None else fewer_images(dataset, n, _rng())

    def masks(self, name: str, size: int | None) -> Masks:
        """Return the masks of `images`."""
        masks, n = self.read_masks(name, size), self.choices.cut
        if n is None:
            return masks
        # Labels choose the images, and cut ones no longer tell of those that were left out.
        rows = fewer_rows(self._whole(name, size), n, _rng())
        return {split: one[rows[split]] for split, one in masks.items()}

    def spatial_dims(self, name: str, paper: PaperTables) -> int:
        """Return the axes of a data set's images, which is read where no table knows it."""
        known = {dataset.name: dataset.spatial_dims for dataset in paper.datasets}
        known |= {dataset.name: dataset.spatial_dims for dataset in MEDMNIST.values()}
        return known[name] if name in known else self.read(name, None).spatial_dims

    def _whole(self, name: str, size: int | None) -> Dataset:
        stored = BUDGETS[self.choices.budget].stored
        if size is None or stored is None or self.choices.size is not None or name not in MEDMNIST:
            return self.read(name, size)
        return resize_dataset(self.read(name, stored), size)


def _rng() -> np.random.Generator:
    return np.random.default_rng(_CUT_SEED)
