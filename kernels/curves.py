"""The Betti numbers of a volume at every level, and the compiled loop over a run of samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .compiling import entry, inlined, source_digest
from .euler import count_euler
from .padded.levels import place_volume
from .padded.workspace import Workspace
from .simple.volume import Volume, list_volume
from .tree.cavities import count_cavities
from .tree.components import count_components


@inlined
def write_betti_curve(work: Workspace, volume: Volume, top: bool, curves: np.ndarray) -> None:
    """Write the Betti numbers of every level, int64 (d, N)."""
    dimensions, n_levels = curves.shape
    count_components(work, volume, top, curves[0])
    count_cavities(work, volume, top, curves[dimensions - 1])
    if dimensions == 3:
        # beta_1 = beta_0 + beta_2 - chi
        count_euler(work.levels, volume.critical, top, curves[1])
        for level in range(n_levels):
            curves[1, level] = curves[0, level] + curves[2, level] - curves[1, level]


def _entry_point(digest: int) -> Callable[..., None]:
    @entry
    def write_betti_curves(
        images: np.ndarray,
        masks: np.ndarray,
        grids: np.ndarray,
        start: int,
        stop: int,
        top: bool,
        work: Workspace,
        curves: np.ndarray,
    ) -> None:
        """Write the Betti curves of the samples `start <= b < stop`.

        Args:
            images: float32 or float64 (B, D, H, W).
            masks: bool (B, D, H, W), or (1, 0, 0, 0) where there are none.
            grids: float64 (B, N), or (1, N) for all samples; not decreasing.
            top: T-construction, else V.
            work: for volumes of that size; overwritten.
            curves: int64 (B, d, N), zeros; written. d = 2: images of one slice, in the plane.
        """
        digest  # noqa: B018
        volumetric = curves.shape[1] == 3
        for b in range(start, stop):
            mask = masks[min(b, masks.shape[0] - 1)]
            grid = grids[min(b, grids.shape[0] - 1)]
            box = place_volume(images[b], mask, grid, volumetric, work.levels)
            if box.depth > 0:
                volume = list_volume(work, box, grid.size, volumetric, top)
                write_betti_curve(work, volume, top, curves[b])

    return write_betti_curves


write_betti_curves = _entry_point(source_digest())
