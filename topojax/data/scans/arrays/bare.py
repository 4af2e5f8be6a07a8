"""Arrays that come without a format for images: which axes are spatial, and where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown


def check_bare(shape: tuple[int, ...], dtype: np.dtype, path: Path) -> None:
    """Raise DataError unless an array has voxels, and these are real numbers."""
    if dtype.kind not in "buif":
        raise DataError(f"{path} has dtype {dtype}; expected real numbers")
    if 0 in shape:
        raise DataError(f"{path} has shape {shape}; expected at least one voxel")


def bare_scan(
    voxels: np.ndarray,
    path: Path,
    affine: np.ndarray | None = None,
    spacing: np.ndarray | None = None,
) -> Scan:
    """Return an array as an image.

    Args:
        voxels: (A, B) or (A, B, C), of colour with a last axis of 3. Without affine and spacing,
            (A, B, 3) is taken as colour and (A, B, 4) refused.
        path: of the file, for messages.
        affine: (4, 4), index to millimetres, RAS+; then three axes are spatial.
        spacing: a length in millimetres for every spatial axis.

    Raises:
        DataError: another shape or dtype; an affine or spacing that is none, or does not fit.
    """
    check_bare(voxels.shape, voxels.dtype, path)
    lengths = None if spacing is None else _lengths(spacing, path)
    if affine is None:
        told = None if lengths is None else len(lengths)
        dims, notes = _spatial_dims(voxels.shape, told, path)
        return Scan(voxels, dims, None, lengths, notes)
    dims, notes = _spatial_dims(voxels.shape, 3, path)
    placed = _affine(affine, path)
    steps = tuple(float(length) for length in np.linalg.norm(placed[:3, :3], axis=0))
    if lengths is not None and not (len(lengths) == 3 and np.allclose(steps, lengths, rtol=1e-3)):
        raise DataError(
            f"{path} has spacing {lengths}, but its affine has steps of {steps} mm; expected the "
            "same: leave one of them out"
        )
    return Scan(voxels, dims, placed, steps, notes)


def _spatial_dims(
    shape: tuple[int, ...], told: int | None, path: Path
) -> tuple[int, tuple[str, ...]]:
    """Return how many axes are spatial, where nothing tells it by their number and colour."""
    if told is None and len(shape) == 3 and shape[-1] == 4:
        raise DataError(
            f"{path} has shape {shape}, of four slices or of colour with alpha; leave alpha out, "
            "or save an npz with a spacing of three lengths"
        )
    for dims in (2, 3) if told is None else (told,):
        if len(shape) == dims + 1 and shape[-1] == 3:
            note = "last axis, of length 3, taken as colour"
            return dims, (note,) if told is None else ()
        if len(shape) == dims:
            return dims, ()
    expected = {None: "(A, B), (A, B, C)", 2: "(A, B)", 3: "(A, B, C)"}[told]
    raise DataError(
        f"{path} has shape {shape}; expected one image, {expected}, or colour in a last axis of 3"
    )


def _lengths(spacing: np.ndarray, path: Path) -> tuple[float, ...]:
    usable = spacing.dtype.kind in "uif" and spacing.shape in ((2,), (3,))
    if not usable or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise DataError(
            f"{path} has spacing {shown(str(spacing))}; expected 2 or 3 lengths above 0, in mm"
        )
    return tuple(float(length) for length in spacing)


def _affine(affine: np.ndarray, path: Path) -> np.ndarray:
    usable = affine.dtype.kind in "uif" and affine.shape == (4, 4) and np.isfinite(affine).all()
    if not usable or not np.array_equal(affine[3], [0, 0, 0, 1]):
        raise DataError(
            f"{path} has an affine of {affine.dtype} {affine.shape}; expected finite numbers, "
            "(4, 4), with a last row of 0 0 0 1"
        )
    if np.linalg.matrix_rank(affine[:3, :3]) < 3:
        raise DataError(f"{path} has an affine that is not invertible; get it again")
    return affine.astype(np.float64)
