"""Volumes from NIfTI files, their axes brought to one orientation, by the package nibabel."""

from __future__ import annotations

import importlib
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.memory import in_units, memory_limit, within_memory
from topojax.errors import DataError, shown

# What nibabel and numpy let through of a damaged file, beside nibabel's own errors.
_DAMAGE = (ValueError, TypeError, OSError, EOFError, KeyError, OverflowError, zlib.error)


def read_nifti(path: Path) -> np.ndarray:
    """Return a volume in canonical axes, float32 (X, Y, Z).

    Axes are turned over and exchanged, by the affine, so that they run to the patient's right,
    front and head (RAS+): the nearest such orientation, without interpolation. Voxels keep their
    spacing. Stored values become intensities by the header's slope and intercept.

    Raises:
        DataError: nibabel is absent; the file is missing, damaged or too large for the memory;
            holds no single grey volume; or does not say how it is oriented.
    """
    nibabel = _nibabel(path)
    if not path.is_file():
        raise DataError(f"{path} does not exist; check the folder, or get the file again")
    damage: tuple[type[Exception], ...] = (*_DAMAGE, *_own_errors(nibabel))
    try:
        with within_memory(str(path)):
            image = nibabel.load(path)
            _check_header(image, path)
            return nibabel.as_closest_canonical(image).get_fdata(dtype=np.float32)
    except DataError:
        raise
    except damage as error:
        reason = shown(" ".join(str(error).split()), 200) or type(error).__name__
        raise DataError(f"{path} cannot be read as NIfTI ({reason}); get it again") from None


def _nibabel(path: Path) -> Any:
    """Import on first use, since nibabel is an extra."""
    try:
        return importlib.import_module("nibabel")
    except ImportError as error:
        raise DataError(
            f"{path} needs nibabel, which cannot be imported ({error}); "
            "pip install 'topojax[nifti]'"
        ) from error


def _own_errors(nibabel: Any) -> tuple[type[Exception], ...]:
    # None of them is an error of Python's own kinds.
    return (
        nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
        nibabel.wrapstruct.WrapStructError,
    )


def _check_header(image: Any, path: Path) -> None:
    shape, dtype = image.shape, image.get_data_dtype()
    if len(shape) != 3 or 0 in shape:
        raise DataError(f"{path} has shape {shape}; expected one volume of three axes")
    if dtype.kind not in "buif":
        raise DataError(f"{path} has dtype {dtype}; expected real numbers")
    # Before nibabel makes room for what a header declares: as stored, and as float32.
    needed, limit = math.prod(shape) * (dtype.itemsize + 4), memory_limit()
    if needed > limit:
        raise DataError(
            f"{path} does not fit into memory (it takes {in_units(needed)}, there are "
            f"{in_units(limit)}); it is damaged, or needs a larger machine"
        )
    header = image.header
    codes = [int(header[key]) for key in ("qform_code", "sform_code") if key in header]
    if not any(codes):
        raise DataError(
            f"{path} does not say how it is oriented (its qform and sform codes are 0 or absent); "
            "write its affine with nibabel or get it again"
        )
    affine = image.affine
    if not np.isfinite(affine).all() or np.linalg.matrix_rank(affine[:3, :3]) < 3:
        raise DataError(f"{path} has an affine that is not invertible; get it again")
