"""Betti curves of many images, in threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import (
    Construction,
    any_nan,
    check_construction,
    check_masks,
    check_thresholds,
    frozen_grid,
    image_volumes,
    kernel_dimensions,
    nan_error,
)
from .curves import write_betti_curves
from .padded.workspace import borrowed_blocks
from .threads import check_threads, run_in_threads

# Voxels whose curves take a second or so. What takes longer is refused before it begins; shorter
# batches are spared the look at all of their memory, which is done image by image.
_MOST_UNSEEN = 2**28


def betti_curves_batch(
    images: Any,
    thresholds: Any,
    *,
    masks: Any = None,
    construction: Construction = "T",
    n_threads: int | None = None,
) -> np.ndarray:
    """Compute the Betti curves of every image of a batch.

    Args:
        images: (B, W), (B, H, W) or (B, D, H, W), bool, integer or float. A voxel of +inf is
            absent, and so is a masked one of a masked array.
        thresholds: (N,) for all, (B, N) one grid an image, or (B, d, N) one a dimension as well.
        masks: bool, the images' shape; voxels outside are absent. None: all voxels.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.
        n_threads: None: the processors that this process may use. The result is the same for any.

    Returns:
        int64 (B, d, N): beta_k of {images[b] <= t_i} at [b, k, i].

    Raises:
        TypeError: a dtype that holds no real numbers, or masks that are not bool.
        ValueError: NaN, wrong shapes, thresholds that do not increase, another construction. NaN is
            met when its image's turn comes, and before any of them in more than 2^28 voxels.

    Example:
        >>> from topojax.kernels import betti_curves_batch
        >>> ring, two = [[1, 1, 1], [1, 9, 1], [1, 1, 1]], [[0, 5, 0], [0, 5, 0], [0, 5, 0]]
        >>> betti_curves_batch([ring, two], [0, 1, 9]).tolist()
        [[[0, 1, 1], [0, 1, 0]], [[2, 2, 1], [0, 0, 0]]]
    """
    top = check_construction(construction)
    grid = check_thresholds(thresholds)
    threads = check_threads(n_threads)
    shape = np.shape(images)
    dimensions = len(shape) - 1
    volumes = image_volumes(images, "images", batch=True)
    if grid.ndim > 1 and grid.shape[:-1] not in ((shape[0],), (shape[0], dimensions)):
        raise ValueError(
            f"thresholds has shape {grid.shape}; expected (N,), ({shape[0]}, N) or "
            f"({shape[0]}, {dimensions}, N)"
        )
    inside = check_masks(masks, volumes, shape, "masks")
    if volumes.size > _MOST_UNSEEN:
        look_for_nan(volumes, threads)
    if grid.ndim < 3:
        return _curves(volumes, inside, np.atleast_2d(grid), top, dimensions, threads)
    return _curves_on_grids(volumes, inside, grid, top, threads)


def look_for_nan(volumes: np.ndarray, threads: int) -> None:
    """Look at all images of a batch, float (B, D, H, W), on so many threads.

    Raises:
        ValueError: NaN.
    """
    flat = volumes.reshape(-1)

    def look(start: int, stop: int) -> None:
        if any_nan(flat[start:stop]):
            raise _nan_error(volumes)

    run_in_threads(look, flat.size, flat.size, threads)


def _nan_error(volumes: np.ndarray) -> ValueError:
    # Threads meet NaN in any order; the message is the same in every call.
    start, stop = 0, len(volumes)
    while stop - start > 1:
        middle = (start + stop) // 2
        if any_nan(volumes[start:middle]):
            stop = middle
        else:
            start = middle
    return nan_error("images", f", first in image {start}")


def _curves(
    volumes: np.ndarray,
    masks: np.ndarray,
    grids: np.ndarray,
    top: bool,
    dimensions: int,
    threads: int,
) -> np.ndarray:
    samples = len(volumes)
    curves = np.zeros((samples, kernel_dimensions(dimensions), grids.shape[-1]), np.int64)
    frozen = frozen_grid(grids)

    def write(start: int, stop: int) -> None:
        with borrowed_blocks(volumes.shape[1:], grids.shape[-1], dimensions == 3) as blocks:
            with_nan = write_betti_curves(volumes, masks, frozen, start, stop, top, blocks, curves)
        if with_nan >= 0:
            raise _nan_error(volumes)

    run_in_threads(write, samples, volumes.size, threads)
    return curves[:, :dimensions]


def _curves_on_grids(
    volumes: np.ndarray, masks: np.ndarray, grids: np.ndarray, top: bool, threads: int
) -> np.ndarray:
    """Run once on all dimensions' thresholds together, then pick those of each dimension."""
    samples, dimensions, count = grids.shape
    together = grids.reshape(samples, dimensions * count)
    order = np.argsort(together, axis=-1, kind="stable")
    sorted_grids = np.take_along_axis(together, order, axis=-1)
    curves = _curves(volumes, masks, sorted_grids, top, dimensions, threads)
    positions = np.argsort(order, axis=-1).reshape(grids.shape)
    return np.take_along_axis(curves, positions, axis=-1)
