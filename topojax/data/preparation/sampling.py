"""Voxels at other spacings and shapes, each with the grid that tells where they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.data.memory import in_units, memory_limit
from topojax.data.preparation.grid import Grid
from topojax.errors import DataError


def reoriented(
    voxels: np.ndarray, grid: Grid, axes: Sequence[int], turned: Sequence[bool]
) -> tuple[np.ndarray, Grid]:
    """Return voxels with axes exchanged and some turned over, without interpolation."""
    order = (*axes, *range(len(axes), voxels.ndim))
    flips = tuple(slice(None, None, -1 if is_turned else 1) for is_turned in turned)
    return np.ascontiguousarray(voxels.transpose(order)[flips]), grid.reordered(axes, turned)


def resampled(
    voxels: np.ndarray, grid: Grid, spacing: Sequence[float], name: str
) -> tuple[np.ndarray, Grid]:
    """Return an image at a spacing in millimetres, of as many voxels as its extent holds.

    Raises:
        DataError: its own spacing is not known, or the result does not fit into memory.
    """
    own = grid.spacing
    assert own is not None, name
    steps = [new / old for new, old in zip(spacing, own, strict=True)]
    # An extent of 34.5 voxels holds 35: half a voxel is covered by its neighbour's edge.
    shape = tuple(
        max(1, round(length / step)) for length, step in zip(grid.shape, steps, strict=True)
    )
    target = grid.resampled(steps, shape)
    return _interpolated(voxels, steps, shape, name), target


def resized(
    voxels: np.ndarray, grid: Grid, shape: tuple[int, ...], name: str
) -> tuple[np.ndarray, Grid]:
    """Return an image of another number of voxels over the same extent.

    Raises:
        DataError: it does not fit into memory.
    """
    steps = [old / new for old, new in zip(grid.shape, shape, strict=True)]
    return _interpolated(voxels, steps, shape, name), grid.resampled(steps, shape)


def fitted_into(
    voxels: np.ndarray, grid: Grid, shape: tuple[int, ...], padding: float
) -> tuple[np.ndarray, Grid, int]:
    """Return an image cropped and padded around its centre, and how many voxels were cropped."""
    starts = [(old - new) // 2 for old, new in zip(grid.shape, shape, strict=True)]
    inside = tuple(
        slice(max(start, 0), min(start + new, old))
        for start, new, old in zip(starts, shape, grid.shape, strict=True)
    )
    kept = voxels[inside]
    widths = [
        (max(-start, 0), new - (part.stop - part.start) - max(-start, 0))
        for start, new, part in zip(starts, shape, inside, strict=True)
    ]
    widths += [(0, 0)] * (voxels.ndim - len(shape))
    padded = np.pad(kept, widths, constant_values=padding)
    n_spatial = int(np.prod(grid.shape))
    n_kept = int(np.prod([part.stop - part.start for part in inside]))
    return padded, grid.moved(starts, shape), n_spatial - n_kept


def _interpolated(
    voxels: np.ndarray, steps: Sequence[float], shape: tuple[int, ...], name: str
) -> np.ndarray:
    """Return voxels at steps of other lengths, linear, blurred first where steps are longer.

    The blur is skimage.transform.resize's: a Gaussian of standard deviation (step - 1) / 2 voxels.
    """
    from scipy import ndimage

    if all(step == 1 for step in steps) and shape == voxels.shape[: len(shape)]:
        return voxels
    n_channels = voxels.shape[-1] if voxels.ndim > len(shape) else 1
    needed, limit = 8 * n_channels * int(np.prod(shape, dtype=object)), memory_limit()
    if needed > limit:
        raise DataError(
            f"{name} at {' x '.join(map(str, shape))} voxels takes {in_units(needed)}, more than "
            f"the memory's {in_units(limit)}; choose a coarser prepare.spacing or prepare.shape"
        )
    sigmas = [max(0.0, (step - 1) / 2) for step in steps]
    channels = np.moveaxis(voxels, -1, 0) if voxels.ndim > len(shape) else voxels[None]
    offset = [step / 2 - 0.5 for step in steps]
    parts = [
        ndimage.affine_transform(
            ndimage.gaussian_filter(part, sigmas, mode="nearest") if any(sigmas) else part,
            np.array(steps),
            offset,
            shape,
            np.float32,
            order=1,
            mode="nearest",
        )
        for part in channels
    ]
    return np.stack(parts, axis=-1) if voxels.ndim > len(shape) else parts[0]
