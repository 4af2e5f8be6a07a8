"""Networks and the images that they explain, from files in MedMNIST's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.data import read_medmnist, resize_images


@dataclass(frozen=True)
class Case:
    """A network and the images that it is trained on and explains.

    Attributes:
        images: of the training split, as read, (n, *spatial).
        val: images and labels that choose the epoch.
    """

    network: str
    data: str
    images: np.ndarray
    labels: np.ndarray
    val: tuple[np.ndarray, np.ndarray]
    epochs: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image."""
        return self.images.shape[1:]


def planar_cases(file: Path, sizes: Sequence[int], epochs: int) -> list[Case]:
    """Return ResNet-18 on a file's images, resized to every size.

    Raises:
        DataError: the file cannot be read.
    """
    data = read_medmnist(file)
    labels = data.train.labels, data.val.labels
    found = []
    for size in sizes:
        images, val = (
            resize_images(split.images, size, data.spatial_dims) for split in (data.train, data.val)
        )
        found.append(Case("resnet18", file.stem, images, labels[0], (val, labels[1]), epochs))
    return found


def volumetric_case(file: Path, n: int) -> Case:
    """Return R3D-18, for one epoch, on a file's first n training volumes.

    Raises:
        DataError: the file cannot be read.
    """
    data = read_medmnist(file)
    train, val = data.train, data.val
    return Case(
        "r3d_18",
        file.stem,
        train.images[:n],
        train.labels[:n],
        (val.images[: n // 2], val.labels[: n // 2]),
        1,
    )
