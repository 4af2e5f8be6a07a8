"""Betti curves and the Euler curve of one image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .candidates import NO_CANDIDATES
from .exact import ExactVolume, changes_exact, exact_volume, merges_of
from .inputs import (
    Construction,
    check_grid,
    check_sample,
    frozen_grid,
)
from .sampling import write_betti_curves, write_euler_curve
from .volume import borrowed_workspace


def betti_curves(
    image: Any, thresholds: Any, *, mask: Any = None, construction: Construction = "T"
) -> np.ndarray:
    """Compute the Betti numbers of the sublevel set at every threshold.

    Args:
        image: (H, W) or (D, H, W), bool, integer or float. A voxel of +inf is absent.
        thresholds: (N,), finite, strictly increasing.
        mask: bool, the image's shape; voxels outside it are absent. None: all voxels.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.

    Returns:
        int64 (d, N): beta_k of {image <= thresholds[i]} at [k, i]; d = 2 or 3.

    Raises:
        TypeError: a dtype that holds no real numbers, or a mask that is not bool.
        ValueError: NaN, wrong shapes, thresholds that do not increase, another construction.

    >>> ring = np.array([[1, 1, 1], [1, 9, 1], [1, 1, 1]])
    >>> betti_curves(ring, [0, 1, 9]).tolist()
    [[0, 1, 1], [0, 1, 0]]
    """
    grid = check_grid(thresholds)
    images, masks, top = check_sample(image, mask, construction)
    return _curves(images, masks, grid, top, np.ndim(image))


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
    """
    images, masks, top = check_sample(image, mask, construction)
    dimensions = np.ndim(image)
    if images.size == 0 or (masks.size and not masks.any()):
        return np.empty(0), np.empty((dimensions, 0), np.int64)
    with exact_volume(images[0], masks[0], dimensions == 3, top) as volume:
        values, changes = _changes(volume, dimensions)
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
        brought = changes_exact(volume.critical.words, volume.top)
        np.subtract.at(changes[1], index[start:], brought)
    return values, changes


def euler_curve(
    image: Any, thresholds: Any, *, mask: Any = None, construction: Construction = "T"
) -> np.ndarray:
    """Count the cells of the sublevel set at every threshold, with alternating sign.

    Args:
        image, thresholds, mask, construction: as `betti_curves`.

    Returns:
        int64 (N,): the alternating sum of the Betti numbers, by Euler and Poincaré.

    Raises:
        TypeError, ValueError: as `betti_curves`.
    """
    grid = check_grid(thresholds)
    images, masks, top = check_sample(image, mask, construction)
    curve = np.zeros(grid.size, np.int64)
    volumetric = np.ndim(image) == 3
    with borrowed_workspace(images.shape[1:], grid.size, volumetric) as work:
        write_euler_curve(images[0], masks[0], frozen_grid(grid), volumetric, top, work, curve)
    return curve


def _curves(
    images: np.ndarray, masks: np.ndarray, grid: np.ndarray, top: bool, dimensions: int
) -> np.ndarray:
    curves = np.zeros((1, 1, dimensions, grid.size), np.int64)
    grids = frozen_grid(grid[np.newaxis])
    with borrowed_workspace(images.shape[1:], grid.size, dimensions == 3) as work:
        write_betti_curves(images, masks, grids, NO_CANDIDATES, 0, 1, top, work, curves)
    return curves[0, 0]
