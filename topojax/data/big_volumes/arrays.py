"""Volumes of npy files and of zarr stores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topojax.data.big_volumes.volume import Box, FileVolume, check_volume
from topojax.data.npz.npy_header import NPY_START, read_npy_header
from topojax.data.scans.arrays.zarr_store import find_array, missing_chunks
from topojax.data.scans.refusals import damage_named


@dataclass(frozen=True)
class NpyVolume(FileVolume):
    """The array of an npy file, mapped for as long as planes are copied from it."""

    def _read(self, box: Box) -> np.ndarray:
        with damage_named(self.path, "npy"):
            return np.array(_mapped(self.path)[box])


@dataclass(frozen=True, kw_only=True)
class ZarrVolume(FileVolume):
    """An array of a zarr store, or the finest level of an OME-Zarr image.

    Attributes:
        index: for every axis of the array 0, and None for those of space.
    """

    index: tuple[int | None, ...]

    def _read(self, box: Box) -> np.ndarray:
        array, _ = find_array(self.path)
        spatial = iter(box)
        index = tuple(next(spatial) if axis is None else axis for axis in self.index)
        with damage_named(self.path, "zarr"):
            return np.asarray(array[index])


def open_npy(path: Path) -> NpyVolume:
    """Return the volume of an npy file.

    Raises:
        DataError: the file is damaged, or holds no volume of real numbers.
    """
    with damage_named(path, "npy"):
        with path.open("rb") as file:
            declared = read_npy_header(file.read(NPY_START), file)
            declared.check_held(os.fstat(file.fileno()).st_size)
        mapped = _mapped(path)
    shape = check_volume(mapped.shape, mapped.dtype, path)
    return NpyVolume(path, shape, mapped.dtype.newbyteorder("="))


def open_zarr(path: Path) -> ZarrVolume:
    """Return the volume of a zarr store: its array, or its OME-Zarr image's finest level.

    Raises:
        DataError: as `find_array`; or it is no volume of real numbers.
    """
    array, level = find_array(path)
    spatial = range(array.ndim) if level is None else level.spatial_axes
    dtype = np.dtype(array.dtype)
    shape = check_volume(tuple(array.shape[axis] for axis in spatial), dtype, path)
    notes = (*(level.notes if level is not None else ()), *missing_chunks(array, path))
    index = tuple(None if axis in spatial else 0 for axis in range(array.ndim))
    together = array.shards or array.chunks
    planes, rows, columns = (min(together[axis], array.shape[axis]) for axis in spatial)
    dtype = dtype.newbyteorder("=")
    return ZarrVolume(path, shape, dtype, notes, (planes, rows, columns), index=index)


def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)
