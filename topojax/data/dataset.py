"""Images with labels in three splits, and what is refused before any work starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from topojax.data.scale import AS_MADE, IntensityScale
from topojax.errors import DataError
from topojax.masked import refuse_masked
from topojax.row_files.row_blocks import row_blocks

SplitName: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)


@dataclass(frozen=True)
class Split:
    """Images, float32 (n, *spatial) or (n, *spatial, 3), and labels, int64 (n,).

    Images may be a map of a file (`numpy.memmap`, read-only): they are read by rows.

    Attributes:
        names: of the images' files, one each; none of images that come in arrays.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Three splits of images of one shape.

    Attributes:
        class_names: one a class; the labels are their positions.
        spatial_dims: 2 for images, 3 for volumes.
        source: where it came from, for people.
        scale: how stored values became the intensities of all three splits.
        preparation: what was done to the images of files, for people; "" of arrays.
        division: how files were divided into the splits, for people; "" of arrays.
        spacing: millimetres between voxels of all files as stored; None where they differ, are not
            known, or all were resampled.
        level: of what no part is in two splits, `group` or `image`; "" where that is not known.
    """

    name: str
    train: Split
    val: Split
    test: Split
    class_names: tuple[str, ...]
    spatial_dims: int
    source: str
    scale: IntensityScale = AS_MADE
    preparation: str = ""
    division: str = ""
    level: str = ""
    spacing: tuple[float, ...] | None = None

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def shape(self) -> tuple[int, ...]:
        """The spatial shape of one image."""
        return self.train.images.shape[1 : 1 + self.spatial_dims]

    @property
    def n_channels(self) -> int:
        """1 for grey, 3 for RGB."""
        return 1 if self.train.images.ndim == self.spatial_dims + 1 else 3

    def split(self, name: str) -> Split:
        """Return the split `train`, `val` or `test`."""
        return {"train": self.train, "val": self.val, "test": self.test}[name]

    def fingerprint(self) -> str:
        """Return the SHA-256 of all images and labels, which tells whether data are the same."""
        digest = hashlib.sha256()
        for name in SPLITS:
            for array in (self.split(name).images, self.split(name).labels):
                digest.update(f"{name} {array.shape} {array.dtype}".encode())
                for rows in row_blocks(array.shape):
                    digest.update(np.ascontiguousarray(array[rows]).data)
        return digest.hexdigest()


def validate_labels(labels: np.ndarray, n_classes: int, *, name: str) -> np.ndarray:
    """Return labels (n,) or (n, 1) as int64 (n,).

    Raises:
        DataError: another shape, no label, not whole numbers, or outside 0 … n_classes - 1.
    """
    array = whole_numbers(labels, name)
    outside = np.flatnonzero((array < 0) | (array >= n_classes))
    if outside.size:
        raise DataError(
            f"{name} holds label {array[outside[0]]} (sample {outside[0]}); expected "
            f"0 to {n_classes - 1}"
        )
    return array


def whole_numbers(labels: np.ndarray, name: str) -> np.ndarray:
    """Return labels (n,) or (n, 1) as int64 (n,), whatever their range.

    Raises:
        DataError: masked labels, another shape, no label, or not whole numbers.
    """
    refuse_masked(labels, name)
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"{name} has shape {np.shape(labels)}; expected (n,) or (n, 1) labels")
    if array.dtype.kind not in "buif":
        raise DataError(f"{name} has dtype {array.dtype}; expected labels that are whole numbers")
    if array.size == 0:
        raise DataError(f"{name} has shape {np.shape(labels)}; expected at least one label")
    # NaN, infinite and too large numbers become some other integer, and are found by it.
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int64)
    changed = np.flatnonzero(whole != array)
    if changed.size:
        raise DataError(
            f"{name} holds label {array[changed[0]]} (sample {changed[0]}); expected whole numbers"
        )
    return whole


def validate_splits(splits: dict[str, Split], class_names: tuple[str, ...]) -> None:
    """Raise DataError unless the splits can be fitted on and scored.

    Raises:
        DataError: one class alone, a class absent from a split, images and labels of different
            number, or images of different shapes.
    """
    if len(class_names) < 2:
        raise DataError(
            f"there is one class alone ({', '.join(class_names)}); a classifier needs two or more"
        )
    shape = next(iter(splits.values())).images.shape[1:]
    for name, split in splits.items():
        if len(split.images) != len(split.labels):
            raise DataError(
                f"{name} has {len(split.images)} images and {len(split.labels)} labels; "
                "expected one label an image"
            )
        if split.images.shape[1:] != shape:
            raise DataError(
                f"{name} images have shape {split.images.shape[1:]}, others {shape}; "
                "resize them to one shape"
            )
        counts = np.bincount(split.labels, minlength=len(class_names))
        if np.any(counts == 0):
            missing = int(np.flatnonzero(counts == 0)[0])
            raise DataError(
                f"class {missing} ({class_names[missing]}) is absent from the {name} split; "
                "scores need every class in every split"
            )


def validate_dataset(dataset: Dataset) -> None:
    """Raise DataError unless every split holds every class, in images of one shape."""
    validate_splits({name: dataset.split(name) for name in SPLITS}, dataset.class_names)
