"""Data sets at another size."""

from __future__ import annotations

from dataclasses import replace

from topojax.data.dataset import SPLITS, Dataset, Split, SplitName
from topojax.data.resize import resize_images


def resize_dataset(dataset: Dataset, size: int) -> Dataset:
    """Return the data set with images of `size` voxels along every axis; see `resize_images`.

    Raises:
        ConfigError: as `resize_images`.
    """

    def resized(name: SplitName) -> Split:
        split = dataset.split(name)
        return replace(split, images=resize_images(split.images, size, dataset.spatial_dims))

    train, val, test = map(resized, SPLITS)
    return replace(dataset, train=train, val=val, test=test)
