"""Betti and Euler curves of a run of samples: the compiled loop behind every public function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .candidates import Candidates, new_scratch, place_candidate, spread_levels
from .cavities import count_cavities
from .compiling import entry, inlined, source_digest
from .components import count_components
from .euler import count_euler
from .volume import Volume, Workspace, list_volume, load_volume, place_volume


@inlined
def _write_betti_curve(work: Workspace, volume: Volume, top: bool, curves: np.ndarray) -> None:
    dimensions, n_levels = curves.shape
    count_components(work, volume, top, curves[0])
    count_cavities(work, volume, top, curves[dimensions - 1])
    if dimensions == 3:
        # beta_1 = beta_0 + beta_2 - chi
        count_euler(work.levels, volume.critical, top, curves[1])
        for level in range(n_levels):
            curves[1, level] = curves[0, level] + curves[2, level] - curves[1, level]


def _entry_points(digest: int) -> tuple[Callable[..., None], Callable[..., None]]:
    @entry
    def write_betti_curves(
        images: np.ndarray,
        masks: np.ndarray,
        grids: np.ndarray,
        candidates: Candidates,
        start: int,
        stop: int,
        top: bool,
        work: Workspace,
        curves: np.ndarray,
    ) -> None:
        """Write the Betti curves of the samples `start <= b < stop`.

        One entry point for masks and for candidates, since most of the compiler's time goes into
        what both of them need.

        Args:
            images: float32 or float64 (B, D, H, W).
            masks: bool (B, D, H, W), or (1, 0, 0, 0) where there are none.
            grids: float64 (B, N), or (1, N) for all samples; not decreasing. (0, N) for candidates
                whose grids follow from their regions.
            candidates: P regions of every image in place of masks, or `NO_CANDIDATES`.
            top: T-construction, else V.
            work: for volumes of that size; overwritten.
            curves: int64 (B, P, d, N), zeros; written. P = 1 without candidates. d = 2: images of
                one slice, in the plane.
        """
        digest  # noqa: B018
        dimensions = curves.shape[2]
        volumetric = dimensions == 3
        chosen = candidates.rules.taus.size > 0
        if chosen:
            scratch = new_scratch(images.shape[1:], curves.shape[3], work)
        for b in range(start, stop):
            for p in range(curves.shape[1]):
                n_levels = curves.shape[3]
                if chosen:
                    box, n_levels = place_candidate(
                        work, scratch, candidates, images[b], masks[0], grids, b, p, volumetric
                    )
                else:
                    mask = masks[min(b, masks.shape[0] - 1)]
                    grid = grids[min(b, grids.shape[0] - 1)]
                    box = place_volume(work, images[b], mask, grid, volumetric)
                if box.depth > 0:
                    volume = list_volume(work, box, n_levels, volumetric, top)
                    _write_betti_curve(work, volume, top, curves[b, p])
                    if chosen:
                        for k in range(dimensions):
                            spread_levels(scratch.ranks, curves[b, p, k])

    @entry
    def write_euler_curve(
        image: np.ndarray,
        mask: np.ndarray,
        grid: np.ndarray,
        volumetric: bool,
        top: bool,
        work: Workspace,
        curve: np.ndarray,
    ) -> None:
        """Write the Euler curve of one image (D, H, W) into zeros, int64 (N,)."""
        digest  # noqa: B018
        volume = load_volume(work, image, mask, grid, volumetric, top)
        if volume.box.depth > 0:
            count_euler(work.levels, volume.critical, top, curve)

    return write_betti_curves, write_euler_curve


write_betti_curves, write_euler_curve = _entry_points(source_digest())
