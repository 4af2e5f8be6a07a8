"""The Betti numbers of a volume at every level, and the compiled loop over a run of samples."""

from __future__ import annotations

import numpy as np

from .compiling import entry, making
from .padded.layout import Layout
from .padded.nan import has_nan
from .padded.workspace import Blocks, Workspace, workspace_of
from .simple.volume import load_volume
from .tree.betti_numbers import count_cavities, count_components, count_loops
from .tree.directions import Direction
from .tree.merges_by_level import events_by_level


@making
def write_betti_curve(work: Workspace, layout: Layout, top: bool, curves: np.ndarray) -> None:
    """Write the Betti numbers of every level, int64 (d, N)."""
    dimensions, n_levels = curves.shape
    # Absent voxels are of the last level.
    up = events_by_level(work, Direction(True, top), layout, n_levels + 1)
    down = events_by_level(work, Direction(False, not top), layout, n_levels + 1)
    count_components(up, curves[0])
    count_cavities(down, curves[dimensions - 1])
    if dimensions == 3:
        count_loops(up, down, curves[1])


@entry
def write_betti_curves(
    images: np.ndarray,
    masks: np.ndarray,
    grids: np.ndarray,
    start: int,
    stop: int,
    top: bool,
    blocks: Blocks,
    curves: np.ndarray,
) -> int:
    """Write the Betti curves of the samples `start <= b < stop`.

    Each image is looked at for NaN just before its levels are told: this brings it into the cache,
    and no thread waits until another one has looked at all.

    Args:
        images: float32 or float64 (B, D, H, W).
        masks: bool (B, D, H, W), or (1, 0, 0, 0) where there are none.
        grids: float64 (B, N), or (1, N) for all samples; not decreasing.
        top: T-construction, else V.
        blocks: for volumes of that size; overwritten.
        curves: int64 (B, d, N), zeros; written. d = 2: images of one slice, in the plane.

    Returns:
        The first image that has NaN, inside its mask or not, where writing ended; else -1.
    """
    volumetric = curves.shape[1] == 3
    work = workspace_of(blocks)
    for b in range(start, stop):
        image = images[b]
        if has_nan(image.reshape(image.size)):
            return b
        mask = masks[min(b, masks.shape[0] - 1)]
        grid = grids[min(b, grids.shape[0] - 1)]
        box, layout = load_volume(work, image, mask, grid, volumetric, top)
        if box.depth > 0:
            write_betti_curve(work, layout, top, curves[b])
    return -1
