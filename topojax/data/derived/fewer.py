"""Data sets cut down to fewer images, classes in proportion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from topojax.data.dataset import SPLITS, Dataset, Split, SplitName
from topojax.row_files.row_blocks import is_mapped, row_blocks
from topojax.row_files.row_budget import IN_MEMORY, RowBudget


def fewer_training_images(dataset: Dataset, n: int, rng: np.random.Generator) -> Dataset:
    """Return a data set of at most n training images, classes in proportion, one of each at least.

    Validation and test images stay as they are. Of mapped images the chosen ones are mapped, too,
    in a nameless file.
    """
    return replace(dataset, train=_at(dataset.train, _rows(dataset.train.labels, n, rng)))


def fewer_images(dataset: Dataset, n: int, rng: np.random.Generator) -> Dataset:
    """Return a data set of at most n images in each split, drawn as training images are."""
    rows = fewer_rows(dataset, n, rng)
    train, val, test = (_at(dataset.split(name), rows[name]) for name in SPLITS)
    return replace(dataset, train=train, val=val, test=test)


def fewer_rows(dataset: Dataset, n: int, rng: np.random.Generator) -> dict[SplitName, np.ndarray]:
    """Return which images of each split `fewer_images` keeps: increasing positions, int64."""
    return {name: _rows(dataset.split(name).labels, n, rng) for name in SPLITS}


def _rows(labels: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    if n >= len(labels):
        return np.arange(len(labels))
    order = rng.permutation(len(labels))
    ranks = np.empty(len(labels), np.int64)
    for c in np.unique(labels):
        members = order[labels[order] == c]
        ranks[members] = np.arange(len(members)) * len(labels) // len(members)
    return np.sort(np.argsort(ranks, kind="stable")[:n])


def _at(split: Split, rows: np.ndarray) -> Split:
    if len(rows) == len(split.labels):
        return split
    shape = (len(rows), *split.images.shape[1:])
    # Of what is mapped since it exceeds the memory, a part may exceed it, too.
    budget = RowBudget(0) if is_mapped(split.images) else IN_MEMORY
    blocks = (split.images[rows[run]] for run in row_blocks(shape))
    names = tuple(split.names[row] for row in rows) if split.names else ()
    return Split(budget.array(blocks, shape, split.images.dtype), split.labels[rows], names)
