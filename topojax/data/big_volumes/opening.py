"""Which volumes can be read plane by plane, and by what."""

from __future__ import annotations

import os
from pathlib import Path

from topojax.data.big_volumes.arrays import open_npy, open_zarr
from topojax.data.big_volumes.tiff import open_tiff, open_tiff_folder
from topojax.data.big_volumes.volume import FileVolume
from topojax.data.scans.arrays import is_zarr
from topojax.data.scans.pictures import TIFF_SUFFIXES
from topojax.data.scans.refusals import check_exists
from topojax.errors import DataError


def open_volume(path: Path) -> FileVolume:
    """Return a volume whose planes are read when they are asked for: `volume[first:last]`.

    Args:
        path: an array of zarr or an OME-Zarr image, whose finest level is taken; an npy file; a
            TIFF file of several pages; or a folder of TIFF files of one plane each, in the natural
            order of their names.

    Raises:
        DataError: nothing is there, it is of another format or damaged, or it holds no volume of
            one channel: a plane, times, channels or colour.
    """
    check_exists(path)
    if path.is_dir():
        return open_zarr(path) if is_zarr(path) else open_tiff_folder(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return open_npy(path)
    if suffix in TIFF_SUFFIXES:
        return open_tiff(path)
    raise DataError(
        f"{path} is not read plane by plane; expected .zarr, .npy, .tif, or a folder of TIFF files"
    )


def is_big_volume(path: Path) -> bool:
    """Tell whether a path has the ending of what is always one image, and read plane by plane.

    A folder of TIFF files may be one of images as well, and an npy file an array of them.
    """
    # os.path, unlike pathlib, answers False for a name that the system finds too long.
    if not os.path.exists(path):
        return False
    return is_zarr(path) or (path.suffix.lower() in TIFF_SUFFIXES and path.is_file())
