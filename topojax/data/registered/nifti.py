"""Volumes from NIfTI files, their axes brought to one orientation, by the package nibabel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.scans.nifti import check_voxels, checked_affine, is_oriented, open_nifti
from topojax.data.scans.refusals import damage_named, library
from topojax.errors import DataError


def read_nifti(path: Path) -> np.ndarray:
    """Return a volume in canonical axes, float32 (X, Y, Z).

    Axes are turned over and exchanged, by the affine, so that they run to the patient's right,
    front and head (RAS+): the nearest such orientation, without interpolation. Voxels keep their
    spacing. Stored values become intensities by the header's slope and intercept.

    Raises:
        DataError: nibabel is absent; the file is missing, damaged or too large for the memory;
            holds no single grey volume; or does not say how it is oriented.
    """
    nibabel = library("nibabel", "nifti", path)
    image = open_nifti(path)
    _check_header(image, path)
    with damage_named(path, "NIfTI"):
        return nibabel.as_closest_canonical(image).get_fdata(dtype=np.float32)


def _check_header(image: Any, path: Path) -> None:
    if len(image.shape) != 3 or 0 in image.shape:
        raise DataError(f"{path} has shape {image.shape}; expected one volume of three axes")
    if image.get_data_dtype().names:
        raise DataError(f"{path} has colour; expected real numbers")
    check_voxels(image, path)
    if not is_oriented(image):
        raise DataError(
            f"{path} does not say how it is oriented (its qform and sform codes are 0 or absent); "
            "write its affine with nibabel or get it again"
        )
    checked_affine(image, path)
