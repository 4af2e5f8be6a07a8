"""Images to read with a fitted method: files of one array, or one split of a data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.config import ManifestConfig, PrepareConfig
from topojax.data.axes import in_words
from topojax.data.images import validate_images
from topojax.data.manifest import Row, is_files, labels_of, rows_of_files
from topojax.data.medmnist.reading import locate, spatial_dims_of
from topojax.data.npz import keys_of, read_npy, read_npz
from topojax.data.prepared import preparation_in_words, prepared_images
from topojax.data.reading import refuse_preparation
from topojax.data.registered.reading import find_splits, read_volumes, refuse_flat
from topojax.data.registered.table import registered
from topojax.data.resize import resize_images
from topojax.data.scale import IntensityScale
from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageSet:
    """Images, float32 (n, *spatial) or (n, *spatial, 3), and labels as found, if there are any.

    Attributes:
        rows: the files of the images, one each; none of images that come in arrays.
    """

    images: np.ndarray
    labels: np.ndarray | None
    spatial_dims: int
    source: str
    rows: tuple[Row, ...] = ()


def read_image_set(
    source: str | Path,
    *,
    split: str | None = None,
    size: int | None = None,
    spatial_dims: int | None = None,
    scale: IntensityScale | None = None,
    data_root: Path | None = None,
    prepare: PrepareConfig | None = None,
    columns: ManifestConfig | None = None,
    class_names: tuple[str, ...] | None = None,
) -> ImageSet:
    """Return the images of an npy array, an npz file, a data set, or of files.

    An npz file holds `{split}_images`, or else `images`; labels are `{split}_labels` or `labels`,
    and may be absent. The other splits are not looked at.

    Args:
        source: a file or a data set's name, as `read_dataset` takes it; or images in files: a
            manifest, a pattern such as `scans/*.nii.gz`, a folder, or one file.
        split: train, val or test, of a manifest without splits all rows; None: test, of images in
            files all.
        size: voxels along every axis that the images are resized to.
        spatial_dims: 2 or 3; None: the shape, or the name of a MedMNIST file, has to tell.
        scale: of the images that a method was fitted on, which these are held to; None: these
            set it.
        data_root: see `read_dataset`.
        prepare: how images in files become voxels.
        columns: of a manifest.
        class_names: that labels of a manifest are positions in; None: they are left out.

    Raises:
        DataError: the file cannot be read, holds no images, or they cannot be used.
        ConfigError: a size below 1 or beyond the memory; or settings of image files for arrays.
    """
    if registered(str(source)) is None and is_files(source):
        rows = rows_of_split(source, split, columns)
        return _from_files(rows, str(source), size, spatial_dims, scale, prepare, class_names)
    refuse_preparation(str(source), prepare, columns)
    split = split or "test"
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


def rows_of_split(
    source: str | Path, split: str | None, columns: ManifestConfig | None
) -> tuple[Row, ...]:
    """Return the images of files that are of a split, or all where there are no splits.

    Args:
        source, split, columns: as `read_image_set`.

    Raises:
        DataError: as `rows_of_files`, or no row is of the split.
    """
    rows = rows_of_files(source, columns or ManifestConfig())
    if split is None or rows[0].split is None:
        return rows
    chosen = tuple(row for row in rows if row.split == split)
    if not chosen:
        raise DataError(f"{source} has no row of the split {split}; choose another by --split")
    return chosen


def _from_files(
    rows: tuple[Row, ...],
    source: str,
    size: int | None,
    spatial_dims: int | None,
    scale: IntensityScale | None,
    prepare: PrepareConfig | None,
    class_names: tuple[str, ...] | None,
) -> ImageSet:
    has_labels = class_names is not None and all(row.label for row in rows)
    labels = labels_of(rows, class_names, source) if class_names and has_labels else None
    config = prepare or PrepareConfig()
    found = prepared_images(rows, config, source=source, size=size, scale=scale)
    if spatial_dims not in (None, found.spatial_dims):
        raise DataError(
            f"{source} has images of {found.spatial_dims} axes; expected {spatial_dims}"
        )
    _LOGGER.info("%s: %s", source, preparation_in_words(found.facts, config))
    return ImageSet(found.images, labels, found.spatial_dims, source, rows)


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
        f"{path} holds neither {split}_images nor images, but {', '.join(keys) or 'nothing'}; if "
        "it is one image, name it in a manifest"
    )
