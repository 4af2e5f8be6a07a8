"""Data sets that hold nothing to learn, on which every honest score is at chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from topojax.data.dataset import SPLITS, Dataset, Split


def shuffled_labels(dataset: Dataset, rng: np.random.Generator) -> Dataset:
    """Return the images with labels permuted within each split: class sizes stay as they are."""
    return _changed(dataset, lambda split: replace(split, labels=rng.permutation(split.labels)))


def noise_images(dataset: Dataset, rng: np.random.Generator) -> Dataset:
    """Return the labels with images of independent uniform noise in [0, 1]."""

    def noise(split: Split) -> Split:
        return replace(split, images=rng.random(split.images.shape, np.float32))

    return _changed(dataset, noise)


NULLS: dict[str, Callable[[Dataset, np.random.Generator], Dataset]] = {
    "shuffled labels": shuffled_labels,
    "noise images": noise_images,
}
"""By the name that a report calls them."""


def _changed(dataset: Dataset, change: Callable[[Split], Split]) -> Dataset:
    train, val, test = (change(dataset.split(name)) for name in SPLITS)
    return replace(dataset, train=train, val=val, test=test)
