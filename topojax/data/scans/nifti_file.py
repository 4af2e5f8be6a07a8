"""Maps of a scan's voxels as NIfTI files, which viewers lay over the scan."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from topojax.data.scans.refusals import library
from topojax.files import write_atomically


def write_nifti(
    values: np.ndarray,
    affine: np.ndarray | None,
    spacing: tuple[float, ...] | None,
    path: Path,
) -> None:
    """Write a volume as NIfTI-1, compressed; the same values give the same bytes.

    Args:
        values: (A, B, C); bool is written as uint8, all else as float32.
        affine: float64 (4, 4), index -> millimetres to right, front and head, which both qform and
            sform get where it is rigid but for the voxels' size; None: one of the spacing alone,
            whose codes say that the orientation is not known.
        spacing: millimetres along the axes; of use where there is no affine.
        path: ends in .nii.gz.

    Raises:
        DataError: nibabel is absent.
        RunError: the file cannot be written.
    """
    nibabel = library("nibabel", "nifti", path)
    kind = np.uint8 if values.dtype == bool else np.float32
    placed = np.diag([*(spacing or (1.0, 1.0, 1.0)), 1.0]) if affine is None else affine
    image = nibabel.Nifti1Image(values.astype(kind), placed)
    image.header.set_xyzt_units("mm")
    code = "unknown" if affine is None else "scanner"
    image.set_sform(placed, code)
    # A quaternion cannot say that axes are sheared, as under a tilted gantry.
    image.set_qform(placed, code, strip_shears=True)
    write_atomically(path, gzip.compress(image.to_bytes(), mtime=0))
