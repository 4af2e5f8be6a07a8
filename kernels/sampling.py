"""Betti and Euler curves of a run of samples: the compiled loop behind every public function."""

from __future__ import annotations

import numpy as np
from numba import njit

from .cavities import count_cavities, descending
from .components import ascending, count_components
from .euler import count_euler
from .levels import Layout, padded_layout
from .neighbourhood import ALL, PLANE
from .workspace import Workspace, load_volume, make_workspace


@njit(cache=True, nogil=True)
def write_betti_curves(
    images: np.ndarray,
    masks: np.ndarray,
    grids: np.ndarray,
    start: int,
    stop: int,
    top: bool,
    curves: np.ndarray,
) -> None:
    """Write the Betti curves of the samples `start <= b < stop`.

    Args:
        images: float32 or float64 (B, D, H, W).
        masks: bool (B, D, H, W), or (1, D, H, W) for all samples.
        grids: float64 (B, N), or (1, N) for all samples; not decreasing.
        top: T-construction, else V.
        curves: int64 (B, d, N), zeros; written. d = 2: images of one slice, in the plane.
    """
    work = make_workspace(images.shape[1:])
    for b in range(start, stop):
        mask = masks[min(b, masks.shape[0] - 1)]
        grid = grids[min(b, grids.shape[0] - 1)]
        box = load_volume(work, images[b], mask, grid)
        if box.depth > 0:
            layout = padded_layout(box.depth, box.height, box.width)
            _write_betti_curve(work, layout, top, curves[b])


@njit(cache=True, nogil=True)
def _write_betti_curve(work: Workspace, layout: Layout, top: bool, curves: np.ndarray) -> None:
    dimensions, n_levels = curves.shape
    allowed = ALL if dimensions == 3 else PLANE
    count_components(work, ascending(n_levels, allowed, top), layout, curves[0])
    count_cavities(work, descending(n_levels, allowed, top), layout, curves[dimensions - 1])
    if dimensions == 3:
        # beta_1 = beta_0 + beta_2 - chi
        count_euler(work, top, layout, curves[1])
        for level in range(n_levels):
            curves[1, level] = curves[0, level] + curves[2, level] - curves[1, level]


@njit(cache=True, nogil=True)
def write_euler_curve(
    image: np.ndarray, mask: np.ndarray, grid: np.ndarray, top: bool, curve: np.ndarray
) -> None:
    """Write the Euler curve of one image (D, H, W) into zeros, int64 (N,)."""
    work = make_workspace(image.shape)
    box = load_volume(work, image, mask, grid)
    if box.depth > 0:
        count_euler(work, top, padded_layout(box.depth, box.height, box.width), curve)
