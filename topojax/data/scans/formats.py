"""Which reader reads which file or folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from topojax.data.scans.arrays import is_zarr, read_npy_scan, read_npz_scan, read_zarr
from topojax.data.scans.dicom import has_dicom, is_dicom, read_dicom, read_dicom_series
from topojax.data.scans.nifti import read_nifti
from topojax.data.scans.pictures import TIFF_SUFFIXES, read_picture, read_tiff
from topojax.data.scans.scan import Scan


@dataclass(frozen=True)
class Format:
    """A kind of image files or folders.

    Attributes:
        name: as people call it.
        suffixes: in small letters, with their dot; none where contents tell.
        read: returns the image of a path.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], Scan]


_DICOM = Format("DICOM", (".dcm",), read_dicom)
_DICOM_SERIES = Format("DICOM series", (), read_dicom_series)
_ZARR = Format("zarr", (), read_zarr)
_FILES = (
    Format("NIfTI", (".nii", ".nii.gz", ".hdr", ".img"), read_nifti),
    _DICOM,
    Format("PNG or JPEG", (".png", ".jpg", ".jpeg"), read_picture),
    Format("TIFF", TIFF_SUFFIXES, read_tiff),
    Format("npy", (".npy",), read_npy_scan),
    Format("npz", (".npz",), read_npz_scan),
)


def format_of(path: Path) -> Format | None:
    """Return the format of a file, by the end of its name, or of a folder, by what is inside.

    DICOM files are known by their first bytes, too: many have no suffix. None: of no format.
    """
    if path.is_dir():
        if is_zarr(path):
            return _ZARR
        return _DICOM_SERIES if has_dicom(path) else None
    name = path.name.lower()
    by_suffix = next((one for one in _FILES if name.endswith(one.suffixes)), None)
    return by_suffix or (_DICOM if is_dicom(path) else None)


def known_formats() -> str:
    """Return what can be read, for messages."""
    suffixes = ", ".join(suffix for one in _FILES for suffix in one.suffixes)
    return f"{suffixes}, or a folder: .zarr, a DICOM series"
