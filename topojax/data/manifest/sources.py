"""What a text means that names files of images: a manifest, a pattern, a folder or one file."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from topojax.config import ManifestConfig
from topojax.data.manifest.rows import Row, read_rows
from topojax.data.scans import is_scan, scans_in
from topojax.errors import DataError

_TABLES = (".csv", ".tsv")
_ARRAYS = (".npy", ".npz")


def is_manifest(source: str | Path) -> bool:
    """Tell whether a source is named as a table of images is."""
    return Path(source).suffix.lower() in _TABLES


def is_files(source: str | Path) -> bool:
    """Tell whether a source is a manifest, a pattern, a folder or an image's file.

    A single npy or npz file is not: it is of arrays of many images (`read_image_set`), and one
    image only where a manifest, a pattern or a folder says so.
    """
    path = Path(source)
    if path.suffix.lower() in _ARRAYS and not _is_pattern(source):
        return False
    # os.path, unlike pathlib, answers False for a name that the system finds too long.
    return is_manifest(path) or _is_pattern(source) or os.path.isdir(path) or is_scan(path)


def rows_of_files(source: str | Path, config: ManifestConfig) -> tuple[Row, ...]:
    """Return the images of a manifest, of a pattern or folder in order of names, or of one file.

    A folder is one image where its files are slices of a DICOM series, or it is a zarr store; else
    it is a folder of images.

    Args:
        source: for which `is_files` is true.
        config: columns of a manifest.

    Raises:
        DataError: as `read_rows`; or nothing is there.
    """
    if is_manifest(source):
        return read_rows(Path(source), config)
    path = Path(source)
    if _is_pattern(source):
        root, found = _fixed_part(path), [Path(name) for name in sorted(glob.glob(str(source)))]
    elif os.path.isdir(path) and not is_scan(path):
        root, found = path, scans_in(path)
    else:
        root, found = path.parent, [path]
    if not found:
        raise DataError(f"{source} names no image; quote the pattern, or check the folder")
    return tuple(_row(one, root) for one in found)


def _is_pattern(source: str | Path) -> bool:
    # A file whose own name has brackets is that file.
    return glob.has_magic(str(source)) and not os.path.exists(source)


def _fixed_part(pattern: Path) -> Path:
    """Return the folder that all paths of a pattern are in."""
    fixed = [part for part in pattern.parents if not glob.has_magic(str(part))]
    return fixed[0] if fixed else Path()


def _row(path: Path, root: Path) -> Row:
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return Row(0, path, "", None, None, None, name)
