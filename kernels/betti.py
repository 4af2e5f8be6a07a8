"""Betti curves of one image, on a grid or exact."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import (
    Construction,
    check_construction,
    check_grid,
    check_masks,
    check_sample,
    frozen_grid,
    image_volumes,
    kernel_dimensions,
    nan_error,
)
from .curves import write_betti_curves
from .exact_filtration import ExactVolume, exact_volume, merges_of
from .padded.workspace import borrowed_blocks


def betti_curves(
    image: Any, thresholds: Any, *, mask: Any = None, construction: Construction = "T"
) -> np.ndarray:
    """Compute the Betti numbers of the sublevel set at every threshold.

    Args:
        image: (W,), (H, W) or (D, H, W), bool, integer or float. A voxel of +inf is absent,
            and so is a masked one of a masked array.
        thresholds: (N,), finite, strictly increasing.
        mask: bool, the image's shape; voxels outside it are absent. None: all voxels.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.

    Returns:
        int64 (d, N): beta_k of {image <= thresholds[i]} at [k, i]; d = 1, 2 or 3.

    Raises:
        TypeError: a dtype that holds no real numbers, or a mask that is not bool.
        ValueError: NaN, wrong shapes, thresholds that do not increase, another construction.

    Example:
        >>> from topojax.kernels import betti_curves
        >>> ring = [[1, 1, 1], [1, 9, 1], [1, 1, 1]]
        >>> betti_curves(ring, [0, 1, 9]).tolist()
        [[0, 1, 1], [0, 1, 0]]
    """
    grids = frozen_grid(check_grid(thresholds))[np.newaxis]
    top = check_construction(construction)
    images = image_volumes(image, "image", batch=False)
    masks = check_masks(mask, images, np.shape(image), "mask")
    dimensions, n_thresholds = np.ndim(image), grids.shape[1]
    curves = np.zeros((1, kernel_dimensions(dimensions), n_thresholds), np.int64)
    with borrowed_blocks(images.shape[1:], n_thresholds, dimensions == 3) as blocks:
        with_nan = write_betti_curves(images, masks, grids, 0, 1, top, blocks, curves)
    if with_nan >= 0:
        raise nan_error("image")
    return curves[0, :dimensions]


def betti_steps(
    image: Any, *, mask: Any = None, construction: Construction = "T"
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the exact Betti curves as step functions.

    Args:
        image, mask, construction: as `betti_curves`.

    Returns:
        values: float64 (E,), the values at which some Betti number changes, increasing.
        betti: int64 (d, E); `betti[:, i]` holds from `values[i]` up to `values[i + 1]`. Below
            `values[0]` all are 0; E = 0 for an empty complex.

    Raises:
        TypeError, ValueError: as `betti_curves`.

    Example:
        >>> from topojax.kernels import betti_steps
        >>> values, betti = betti_steps([[1, 1, 1], [1, 9, 1], [1, 1, 1]])
        >>> values.tolist(), betti.tolist()
        ([1.0, 9.0], [[1, 1], [1, 0]])
    """
    images, masks, top = check_sample(image, mask, construction)
    dimensions = np.ndim(image)
    if images.size == 0 or (masks.size and not masks.any()):
        return np.empty(0), np.empty((dimensions, 0), np.int64)
    with exact_volume(images[0], masks[0], dimensions == 3, top) as volume:
        values, changes = _changes(volume, kernel_dimensions(dimensions))
    changes = changes[:dimensions]
    changed = changes.any(axis=0) & (values < np.inf)
    return values[changed], np.cumsum(changes[:, changed], axis=1)


def _changes(volume: ExactVolume, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, float64 (E,), and what each Betti number changes by there, int64 (d, E)."""
    up, down = merges_of(volume, ascending=True), merges_of(volume, ascending=False)
    events = [(0, up.births, 1), (0, up.ends[up.ends > 0], -1)]
    # On the way down a cavity begins where it is filled, and merges where it is walled off.
    events += [(dimensions - 1, down.births, -1), (dimensions - 1, down.ends, 1)]
    voxels = np.concatenate([*(voxels for _, voxels, _ in events), volume.critical.voxels])
    values, index = np.unique(volume.values_at(voxels), return_inverse=True)
    changes = np.zeros((dimensions, values.size), np.int64)
    start = 0
    for dimension, those, sign in events:
        np.add.at(changes[dimension], index[start : start + those.size], sign)
        start += those.size
    if dimensions == 3:
        # beta_1 = beta_0 + beta_2 - chi
        changes[1] = changes[0] + changes[2]
        np.subtract.at(changes[1], index[start:], volume.critical.changes)
    return values, changes
