"""Images to read with a fitted method: files of one array, or one split of a data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.data.axes import in_words
from topojax.data.images import validate_images
from topojax.data.medmnist.reading import locate, spatial_dims_of
from topojax.data.npz import keys_of, read_npy, read_npz
from topojax.data.registered.reading import find_splits, read_volumes, refuse_flat
from topojax.data.registered.table import registered
from topojax.data.resize import resize_images
from topojax.data.scale import IntensityScale
from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageSet:
    """Images, float32 (n, *spatial) or (n, *spatial, 3), and labels as found, if there are any."""

    images: np.ndarray
    labels: np.ndarray | None
    spatial_dims: int
    source: str


def read_image_set(
    source: str | Path,
    *,
    split: str = "test",
    size: int | None = None,
    spatial_dims: int | None = None,
    scale: IntensityScale | None = None,
    data_root: Path | None = None,
) -> ImageSet:
    """Return the images of an npy array, an npz file or a data set.

    An npz file holds `{split}_images`, or else `images`; labels are `{split}_labels` or `labels`,
    and may be absent. The other splits are not looked at.

    Args:
        source: a file or a data set's name, as `read_dataset` takes it.
        split: train, val or test.
        size: voxels along every axis that the images are resized to.
        spatial_dims: 2 or 3; None: the shape, or the name of a MedMNIST file, has to tell.
        scale: of the images that a method was fitted on, which these are held to; None: these
            set it.
        data_root: see `read_dataset`.

    Raises:
        DataError: the file cannot be read, holds no images, or they cannot be used.
        ConfigError: a size below 1 or beyond the memory.
    """
    if registered(str(source)) is not None:
        refuse_flat(str(source), spatial_dims)
        return _from_registered(str(source), split, size, scale, data_root)
    return _from_file(source, split, size, spatial_dims, scale, data_root)


def _from_file(
    source: str | Path,
    split: str,
    size: int | None,
    spatial_dims: int | None,
    scale: IntensityScale | None,
    data_root: Path | None,
) -> ImageSet:
    path = Path(source)
    labels: np.ndarray | None = None
    if path.suffix == ".npy":
        images = read_npy(path)
    else:
        path, facts = locate(source, size=size, data_root=data_root)
        images, labels = _from_npz(path, split)
        spatial_dims = spatial_dims or spatial_dims_of(path, facts, images.shape)
    scale = scale or IntensityScale.of(images)
    images, dims = validate_images(
        images, name=f"{path}: images", spatial_dims=spatial_dims, scale=scale
    )
    if labels is not None and labels.shape[:1] != images.shape[:1]:
        raise DataError(
            f"{path} has {len(images)} images and labels of shape {labels.shape}; expected one "
            "label an image"
        )
    _LOGGER.info("%s: read as %s, %s", path, in_words(images, dims), scale)
    if size is not None:
        images = resize_images(images, size, dims)
    return ImageSet(images, labels, dims, str(path))


def _from_registered(
    source: str,
    split: str,
    size: int | None,
    scale: IntensityScale | None,
    data_root: Path | None,
) -> ImageSet:
    found = find_splits(source, data_root)
    scans = found.scans[split]
    images, scale = read_volumes(found, scans, size=size, scale=scale)
    _LOGGER.info("%s: %s read as %s, %s", found.source, split, in_words(images, 3), scale)
    labels = np.array([scan.label for scan in scans], np.int64)
    return ImageSet(images, labels, 3, f"{found.source}, {split}")


def _from_npz(path: Path, split: str) -> tuple[np.ndarray, np.ndarray | None]:
    keys = keys_of(path)
    for prefix in (f"{split}_", ""):
        if f"{prefix}images" in keys:
            wanted = [key for key in (f"{prefix}images", f"{prefix}labels") if key in keys]
            arrays = read_npz(path, wanted)
            return arrays[f"{prefix}images"], arrays.get(f"{prefix}labels")
    raise DataError(
        f"{path} holds neither {split}_images nor images, but {', '.join(keys) or 'nothing'}"
    )
