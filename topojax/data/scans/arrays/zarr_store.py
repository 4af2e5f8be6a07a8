"""Arrays and OME-Zarr images of zarr stores in folders, by the package zarr."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.memory import refuse_beyond_memory
from topojax.data.scans.arrays.bare import bare_scan, check_bare
from topojax.data.scans.arrays.ome_zarr import Level, finest_level, multiscales
from topojax.data.scans.refusals import check_exists, damage_named, library
from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown

SUFFIX = ".zarr"
_KIND = "zarr"
# Of version 3, and of version 2.
_METADATA = ("zarr.json", ".zarray", ".zgroup")
_MOST_NAMED = 8


def is_zarr(folder: Path) -> bool:
    """Tell whether a folder is a zarr store or lies in one, by its name and its metadata files."""
    if not folder.is_dir():
        return False
    by_name = folder.name.lower().endswith(SUFFIX)
    return by_name or any((folder / name).is_file() for name in _METADATA)


def read_zarr(path: Path) -> Scan:
    """Return an array of a zarr store, its axes as those of an npy file, or an OME-Zarr image.

    Of an image, the finest level is taken, with its scale. Chunks that are not stored are read as
    the fill value, which a note says.

    Raises:
        DataError: as `find_array`; or the array is too large for the memory.
    """
    array, level = find_array(path)
    if level is None:
        scan = bare_scan(_voxels(array, path), path)
        return replace(scan, notes=scan.notes + missing_chunks(array, path))
    shape = [array.shape[axis] for axis in level.spatial_axes]
    voxels = _voxels(array, path).reshape(shape)
    notes = level.notes + missing_chunks(array, path)
    return Scan(voxels, len(shape), None, level.spacing, notes)


def find_array(path: Path) -> tuple[Any, Level | None]:
    """Return the array of a zarr store, or the finest level of an OME-Zarr image, and which it is.

    Raises:
        DataError: zarr is absent; there is no store, or it is damaged; it is a group of arrays, or
            an image with several times or channels.
    """
    zarr = library("zarr", "zarr", path)
    check_exists(path)
    with damage_named(path, _KIND):
        node = zarr.open(zarr.storage.LocalStore(path, read_only=True), mode="r")
    if isinstance(node, zarr.Array):
        return node, None
    with damage_named(path, _KIND):
        images = multiscales(dict(node.attrs))
    if images is None:
        raise DataError(
            f"{path} is a group, but no OME-Zarr image; expected an array: name one of those in "
            f"it ({_arrays(node, path)})"
        )
    with damage_named(path, _KIND):
        level = finest_level(images, path)
        array = node[level.path]
        if not hasattr(array, "shape"):
            raise ValueError(f"{shown(level.path)}, its finest level, is no array")
    level.check_shape(array.shape, path)
    return array, level


def _voxels(array: Any, path: Path) -> np.ndarray:
    with damage_named(path, _KIND):
        check_bare(array.shape, np.dtype(array.dtype), path)
        # As stored and as float32, and a chunk: one may be larger than its array.
        size = array.dtype.itemsize
        needed = (
            math.prod(array.shape) * (size + 4) + math.prod(array.shards or array.chunks) * size
        )
        refuse_beyond_memory(str(path), needed)
        return np.asarray(array[...])


def missing_chunks(array: Any, path: Path) -> tuple[str, ...]:
    """Return a note of the chunks that are not stored, or none."""
    with damage_named(path, _KIND):
        stored, all_of_them = array.nchunks_initialized, array.nchunks
    if stored >= all_of_them:
        return ()
    return (
        f"{all_of_them - stored} of {all_of_them} chunks are not stored and read as "
        f"{array.fill_value}",
    )


def _arrays(group: Any, path: Path) -> str:
    with damage_named(path, _KIND):
        found = (name for name, node in group.members(max_depth=None) if hasattr(node, "shape"))
        names = list(islice(sorted(found), _MOST_NAMED + 1))
    more = " and so on" if len(names) > _MOST_NAMED else ""
    return shown(", ".join(names[:_MOST_NAMED]), 300) + more or "there is none"
