"""Data sets cut down to fewer images, classes in proportion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from topojax.data.dataset import SPLITS, Dataset, Split


def fewer_training_images(dataset: Dataset, n: int, rng: np.random.Generator) -> Dataset:
    """Return a data set of at most n training images, classes in proportion, one of each at least.

    Validation and test images stay as they are.
    """
    return replace(dataset, train=_fewer(dataset.train, n, rng))


def fewer_images(dataset: Dataset, n: int, rng: np.random.Generator) -> Dataset:
    """Return a data set of at most n images in each split, drawn as training images are."""
    train, val, test = (_fewer(dataset.split(name), n, rng) for name in SPLITS)
    return replace(dataset, train=train, val=val, test=test)


def _fewer(split: Split, n: int, rng: np.random.Generator) -> Split:
    labels = split.labels
    if n >= len(labels):
        return split
    order = rng.permutation(len(labels))
    ranks = np.empty(len(labels), np.int64)
    for c in np.unique(labels):
        members = order[labels[order] == c]
        ranks[members] = np.arange(len(members)) * len(labels) // len(members)
    kept = np.sort(np.argsort(ranks, kind="stable")[:n])
    return Split(split.images[kept], labels[kept])
