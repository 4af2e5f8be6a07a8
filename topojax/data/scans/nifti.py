"""NIfTI volumes by the package nibabel: axes as stored, intensities by the header's scale."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.memory import in_units, refuse_beyond_memory
from topojax.data.scans.colour import without_alpha
from topojax.data.scans.refusals import check_exists, damage_named, library
from topojax.data.scans.scan import Scan
from topojax.errors import DataError

_KIND = "NIfTI"
# A byte of deflate stands for 1032 at most.
_DEFLATE_FOLD = 1032
_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}


def read_nifti(path: Path) -> Scan:
    """Return the one image or volume of a NIfTI file, its axes as stored.

    The header's slope and intercept, where there are any, make it float32. Two axes make an image;
    further axes of length 1 behind three are dropped. Without an orientation (its qform and sform
    codes are 0) the affine is None, and that is said.

    Raises:
        DataError: nibabel is absent; the file is missing, damaged or too large for the memory; it
            holds several volumes, numbers that are not real, or an affine without an inverse.
    """
    image = open_nifti(path)
    dims, notes = _spatial_dims(image.shape, path)
    check_voxels(image, path)
    with damage_named(path, _KIND):
        scale = _millimetres(image.header)
        voxels = _voxels(image)
        zooms = tuple(scale * float(zoom) for zoom in image.header.get_zooms()[:dims])
    if voxels.dtype.names:
        voxels, more = without_alpha(_channels(voxels), path)
        notes += more
    voxels = voxels.reshape((*image.shape[:dims], *voxels.shape[len(image.shape) :]))
    if scale != 1:
        notes += (f"lengths taken from its unit to millimetres (times {scale:g})",)
    if dims == 2:
        return Scan(voxels, 2, spacing=_known(zooms), notes=notes)
    if not is_oriented(image):
        return Scan(voxels, 3, None, _known(zooms), notes, lacks_orientation=True)
    affine = checked_affine(image, path) * [[scale], [scale], [scale], [1]]
    spacing = tuple(float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
    return Scan(voxels, 3, affine, spacing, notes)


def open_nifti(path: Path) -> Any:
    """Return an image of nibabel's, without its voxels.

    Raises:
        DataError: nibabel is absent; the file is missing or damaged.
    """
    nibabel = library("nibabel", "nifti", path)
    check_exists(path)
    with damage_named(path, _KIND):
        return nibabel.load(path, mmap=False)


def check_voxels(image: Any, path: Path) -> None:
    """Raise DataError for voxels that are no numbers, or more than the file or memory holds."""
    dtype = image.get_data_dtype()
    if dtype.names is None and dtype.kind not in "buif":
        raise DataError(f"{path} has dtype {dtype}; expected real numbers")
    # Before nibabel makes room for what a header declares: as stored, and as float32.
    count = math.prod(image.shape)
    refuse_beyond_memory(str(path), count * (dtype.itemsize + 4))
    stored = image.file_map["image"].filename
    if not isinstance(stored, str | os.PathLike) or not os.path.exists(stored):
        return
    fold = _DEFLATE_FOLD if str(stored).lower().endswith(".gz") else 1
    held = os.path.getsize(stored) * fold
    if count * dtype.itemsize > held:
        raise DataError(
            f"{path} cannot be read as {_KIND} (its header declares "
            f"{in_units(count * dtype.itemsize)}, there are at most {in_units(held)}); get it again"
        )


def is_oriented(image: Any) -> bool:
    """Tell whether a header says where its axes point to in the patient."""
    header = image.header
    return any(int(header[key]) for key in ("qform_code", "sform_code") if key in header)


def checked_affine(image: Any, path: Path) -> np.ndarray:
    """Return the affine of an oriented image, or raise DataError where it has no inverse."""
    affine = np.asarray(image.affine, np.float64)
    if not np.isfinite(affine).all() or np.linalg.matrix_rank(affine[:3, :3]) < 3:
        raise DataError(f"{path} has an affine that is not invertible; get it again")
    return affine


def _spatial_dims(shape: tuple[int, ...], path: Path) -> tuple[int, tuple[str, ...]]:
    if 0 in shape or len(shape) < 2:
        raise DataError(f"{path} has shape {shape}; expected one image or volume")
    if len(shape) <= 3:
        return len(shape), ()
    further = shape[3:]
    if math.prod(further) == 1:
        return 3, (f"axes behind the third, of length 1, dropped: {shape}",)
    size = " x ".join(map(str, shape[:3]))
    raise DataError(
        f"{path} holds {math.prod(further)} volumes of {size}; expected one: split it with "
        "nibabel.four_to_three and name the volume to take"
    )


def _voxels(image: Any) -> np.ndarray:
    scaled = (image.dataobj.slope, image.dataobj.inter) != (1, 0)
    return image.get_fdata(dtype=np.float32) if scaled else np.asarray(image.dataobj)


def _channels(voxels: np.ndarray) -> np.ndarray:
    """Return voxels of named bytes, RGB or RGBA, with a last axis of them."""
    names = voxels.dtype.names or ()
    return np.stack([voxels[name] for name in names], axis=-1)


def _millimetres(header: Any) -> float:
    """Return how long the header's unit of length is; one that is not said is a millimetre."""
    units = header.get_xyzt_units() if hasattr(header, "get_xyzt_units") else ("unknown",)
    return _MILLIMETRES.get(units[0], 1.0)


def _known(zooms: tuple[float, ...]) -> tuple[float, ...] | None:
    return zooms if all(math.isfinite(zoom) and zoom > 0 for zoom in zooms) else None
