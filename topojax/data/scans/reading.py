"""One image from a file or folder of any format."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from topojax.data.memory import within_memory
from topojax.data.scans.formats import format_of, known_formats
from topojax.data.scans.refusals import check_exists, inside, say_left_out
from topojax.data.scans.scan import Scan
from topojax.errors import DataError


def read_scan(path: Path) -> Scan:
    """Return the image of a file or folder, its axes and numbers as stored.

    Raises:
        DataError: nothing is there; it is of no known format; the library that reads it is absent;
            it is damaged, too large for the memory, or not one image.
    """
    check_exists(path)
    found = format_of(path)
    if found is None:
        raise DataError(f"{path} is of no known format; expected one of {known_formats()}")
    with within_memory(str(path)):
        return _in_native_order(found.read(path))


def is_scan(path: Path) -> bool:
    """Tell whether a path looks like an image that `read_scan` reads; no voxels are read.

    Hidden files are none: some systems leave their own beside others, under the same suffix.
    """
    hidden = path.name.startswith(".")
    return not hidden and os.path.exists(path) and format_of(path) is not None


def scans_in(folder: Path) -> list[Path]:
    """Return what in a folder looks like images, sorted; anything else is named on the logger.

    Raises:
        DataError: there is no such folder, or it may not be read.
    """
    check_exists(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; expected one of images")
    paths = inside(folder)
    scans = [path for path in paths if is_scan(path)]
    known = set(scans)
    say_left_out(folder, [path.name for path in paths if path not in known], "no images")
    return [path for path in scans if not _belongs_to_header(path)]


def _belongs_to_header(path: Path) -> bool:
    """Tell whether a file holds the voxels of a NIfTI header beside it, which is the image."""
    return path.suffix == ".img" and path.with_suffix(".hdr").is_file()


def _in_native_order(scan: Scan) -> Scan:
    dtype = scan.voxels.dtype.newbyteorder("=")
    return replace(scan, voxels=np.ascontiguousarray(scan.voxels, dtype))
