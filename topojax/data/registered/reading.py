"""Data sets behind a registration, from a folder to grey cubes in three splits by patient."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from topojax.data.axes import in_words
from topojax.data.dataset import SPLITS, Dataset, Split, validate_dataset
from topojax.data.images import validate_images
from topojax.data.memory import in_units, memory_limit, within_memory
from topojax.data.registered.patient_splits import patient_splits
from topojax.data.registered.registered_dataset import RegisteredDataset, Scan
from topojax.data.registered.table import REGISTERED, registered
from topojax.data.resize import resize_images
from topojax.data.scale import IntensityScale
from topojax.errors import ConfigError, DataError

_LOGGER = logging.getLogger(__name__)

# Of the paper, section 4.1, where no size is asked for: the published volumes are of no cube.
USUAL_SIZE = 64


@dataclass(frozen=True)
class ScanSplits:
    """The scans that were found in a folder, divided.

    Attributes:
        root: the folder.
        split_seed: of the division.
    """

    dataset: RegisteredDataset
    modality: str
    root: Path
    split_seed: int
    scans: dict[str, list[Scan]]

    @property
    def name(self) -> str:
        """The data set's name and the modality's, as a folder may be called."""
        return f"{self.dataset.name}_{self.modality}"

    @property
    def source(self) -> str:
        """Where the images came from, for people."""
        return f"{self.root} ({self.name}, splits by patient, split_seed={self.split_seed})"


def read_registered(
    name: str,
    data_root: Path | None,
    *,
    modality: str | None = None,
    size: int | None = None,
    split_seed: int = 0,
    progress: bool = True,
) -> Dataset:
    """Return a data set behind a registration as grey cubes, split 70:10:20 by patient.

    Args:
        name: harvard-gdp, brats2019 or brats2021.
        data_root: its folder, in the published layout (`topojax data info NAME`).
        modality: which of a scan's images; None: flair of BraTS, bscans of Harvard-GDP.
        size: voxels along every axis, resized to by `resize_images`; None: 64.
        split_seed: chooses which patients train, validate and test.
        progress: show a bar while reading, on a terminal.

    Raises:
        DataError: no such name, modality or folder; the layout is not the published one; a file,
            label or volume cannot be used, or a package is absent that reads it.
        ConfigError: a size below 1 or beyond the memory, or a negative seed.
    """
    source = name if modality is None else f"{name}:{modality}"
    found = find_splits(source, data_root, split_seed=split_seed)
    scans = [scan for split in SPLITS for scan in found.scans[split]]
    images, scale = read_volumes(found, scans, size=size, progress=progress)
    labels = np.array([scan.label for scan in scans], np.int64)
    ends = np.cumsum([len(found.scans[split]) for split in SPLITS])[:-1]
    parts = zip(np.split(images, ends), np.split(labels, ends), strict=True)
    train, val, test = (Split(*part) for part in parts)
    dataset = Dataset(
        found.name, train, val, test, found.dataset.class_names, 3, found.source, scale
    )
    validate_dataset(dataset)
    for split in SPLITS:
        words = in_words(dataset.split(split).images, 3)
        _LOGGER.info("%s: %s read as %s, %s", found.source, split, words, scale)
    return dataset


def find_splits(source: str, data_root: Path | None, *, split_seed: int = 0) -> ScanSplits:
    """Return the scans of `NAME` or `NAME:MODALITY` in a folder, divided by patient.

    Raises:
        DataError: as `read_registered`, as far as names, folders and labels tell.
        ConfigError: a negative seed.
    """
    known = registered(source)
    if known is None:
        raise DataError(f"{source!r} is no data set behind a registration: {', '.join(REGISTERED)}")
    dataset, modality = known
    remedy = f"`topojax data info {dataset.name}` says how to get it and what the folder holds"
    if data_root is None:
        raise DataError(
            f"{dataset.name} is given out by its publisher on request; give its folder as "
            f"data_root (--data-root DIR); {remedy}"
        )
    if not os.path.isdir(data_root):
        raise DataError(f"data_root={data_root} is not a folder; {remedy}")
    scans = sorted(dataset.find_scans(Path(data_root), modality), key=lambda scan: scan.path.name)
    splits = patient_splits(
        [scan.patient for scan in scans],
        [scan.label for scan in scans],
        dataset.class_names,
        seed=split_seed,
    )
    divided = {str(name): [scans[i] for i in rows] for name, rows in splits.items()}
    return ScanSplits(dataset, modality, Path(data_root), split_seed, divided)


def refuse_flat(source: str, spatial_dims: int | None) -> None:
    """Raise DataError where a data set behind a registration is said to hold images."""
    if spatial_dims not in (None, 3):
        raise DataError(f"spatial_dims={spatial_dims}; {source} holds volumes, so leave it out")


def read_volumes(
    found: ScanSplits,
    scans: Sequence[Scan],
    *,
    size: int | None,
    scale: IntensityScale | None = None,
    progress: bool = True,
) -> tuple[np.ndarray, IntensityScale]:
    """Return scans as float32 (n, size, size, size), and the scale that they were held to.

    Args:
        found: what they are of.
        scans: read and resized one after the other.
        size: voxels along every axis; None: 64.
        scale: of the images that a method was fitted on; None: the first scan sets it.
        progress: show a bar on a terminal.

    Raises:
        DataError: a file cannot be read; holds no single grey volume, NaN or infinite values; or
            has another scale.
        ConfigError: a size below 1 or beyond the memory.
    """
    edge = USUAL_SIZE if size is None else size
    images = _room(found.name, len(scans), edge)
    bar = tqdm(scans, found.name, unit="scan", disable=None if progress else True)
    for i, scan in enumerate(bar):
        stored = found.dataset.read_volume(scan.path)
        if stored.ndim != 3:
            raise DataError(
                f"{scan.path} has shape {stored.shape}; expected one volume of three axes"
            )
        scale = scale or IntensityScale.of(stored)
        volume, _ = validate_images(stored[None], name=str(scan.path), spatial_dims=3, scale=scale)
        images[i] = resize_images(volume, edge, 3)[0]
    assert scale is not None
    return images, scale


def _room(name: str, n: int, size: int) -> np.ndarray:
    """Return an array for n cubes; how much memory it takes is said, and refused if beyond it."""
    if size < 1:
        raise ConfigError(f"size={size} must be 1 or more")
    needed, limit = 4 * n * size**3, memory_limit()
    if needed > limit:
        raise ConfigError(
            f"size={size}: {n} volumes take {in_units(needed)}, more than the memory's "
            f"{in_units(limit)}; give a smaller size"
        )
    _LOGGER.info("%s: %d volumes of %d³ voxels take %s", name, n, size, in_units(needed))
    with within_memory(f"{name} at size={size}"):
        return np.empty((n, size, size, size), np.float32)
