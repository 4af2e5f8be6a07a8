"""Betti curves of images on the regions of a whole population of candidates.

A search asks for thousands of regions of the same images. All candidates of an image follow each
other while the image and its maps are in the cache, and nothing of a candidate outlives it but its
curves: there are never P masks or P images.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np

from .candidates import Candidates
from .inputs import (
    Construction,
    check_construction,
    check_grid,
    check_images,
    check_maps,
    check_masks,
    frozen_grid,
    map_bytes,
)
from .regions import check_rules
from .sampling import write_betti_curves
from .threads import check_threads, run_in_threads
from .volume import borrowed_workspace

Background = Literal["exclude", "zero"]


class RoiBettiCurves(NamedTuple):
    """Betti curves on the regions of P candidates in n images.

    curves: int32 (P, n, d, N); beta_k at threshold i at [p, b, k, i].
    voxels: int64 (P, n), of the region; at least 1.
    empty: bool (P, n), whether the region came out empty and became the fused map's maximum.
    """

    curves: np.ndarray
    voxels: np.ndarray
    empty: np.ndarray


def roi_betti_curves(
    images: Any,
    maps: Any,
    weights: Any,
    taus: Any,
    thresholds: Any,
    *,
    construction: Construction = "T",
    background: Background = "exclude",
    rescale: bool = True,
    n_threads: int | None = None,
) -> RoiBettiCurves:
    """Compute the Betti curves of images X on the regions M of P candidates.

    The same as `regions_of_interest` for every candidate and `betti_curves_batch` on the regions.

    Args:
        images: (n, H, W) or (n, D, H, W), bool, integer or float. A voxel of +inf is absent.
        maps: (n, L, *spatial), float32 in [0, 1], or uint8 in units of 1/255.
        weights: (P, L), finite, not negative, not all zero; taken as float32.
        taus: (P,), in (0, 1]; taken as float32.
        thresholds: (N,), finite, strictly increasing; or the number N >= 2 of even steps from
            min(0, min X) to max(0, max X) over the region, from 0 to 1 where all of it is 0.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.
        background: `exclude`, voxels outside the region are absent; `zero`, they are 0 (X * M).
        rescale: scale every fused map to [0, 1]; see `fuse_maps`.
        n_threads: None: the processors that this process may use. The result is the same for any.

    Raises:
        TypeError: a dtype that is not one of these.
        ValueError: NaN, wrong shapes, values out of their range, thresholds that do not increase,
            infinite values where grids follow from the regions, another construction or background.
    """
    top = check_construction(construction)
    if background not in ("exclude", "zero"):
        raise ValueError(f"background={background!r}; expected 'exclude' or 'zero'")
    threads = check_threads(n_threads)
    shape = np.shape(images)
    volumes = check_images(images, "images", batch=True)
    stack = check_maps(maps)
    if (len(stack), *stack.shape[2:]) != shape:
        raise ValueError(
            f"maps has shape {stack.shape}; expected (n, L, *spatial) for images of shape {shape}"
        )
    rules = check_rules(stack, weights, taus, rescale)
    grids = _check_steps(thresholds, volumes)
    layers = map_bytes(stack)
    nowhere = check_masks(None, volumes, shape, "masks")
    samples, population = len(volumes), len(rules.taus)
    dimensions, n_thresholds = len(shape) - 1, grids.shape[-1]
    result = RoiBettiCurves(
        np.empty((population, samples, dimensions, n_thresholds), np.int32),
        np.empty((population, samples), np.int64),
        np.empty((population, samples), np.bool_),
    )

    def write(start: int, stop: int) -> None:
        curves = np.zeros((stop - start, population, dimensions, n_thresholds), np.int64)
        voxels = np.empty((stop - start, population), np.int64)
        empty = np.empty((stop - start, population), np.bool_)
        run = Candidates(layers[start:stop], rules, background == "zero", voxels, empty)
        with borrowed_workspace(volumes.shape[1:], n_thresholds, dimensions == 3) as work:
            write_betti_curves(
                volumes[start:stop], nowhere, grids, run, 0, stop - start, top, work, curves
            )
        result.curves[:, start:stop] = curves.swapaxes(0, 1)
        result.voxels[:, start:stop] = voxels.T
        result.empty[:, start:stop] = empty.T

    run_in_threads(write, samples, volumes.size * population, threads)
    return result


def _check_steps(thresholds: Any, images: np.ndarray) -> np.ndarray:
    """Return one grid for all, (1, N), or (0, N) where every region gets its own."""
    if not isinstance(thresholds, Integral):
        return frozen_grid(check_grid(thresholds)[np.newaxis])
    if isinstance(thresholds, bool) or thresholds < 2:
        raise ValueError(f"thresholds={thresholds}; expected at least 2 of them, or an array (N,)")
    # The range of all contains that of every region; it may overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        span = np.float64(images.max(initial=0)) - np.float64(images.min(initial=0))
    if not np.isfinite(span):
        raise ValueError(
            "images has infinite values or overflows float64; expected a finite range where "
            f"thresholds={thresholds} is a number"
        )
    return frozen_grid(np.empty((0, int(thresholds))))
