"""Betti curves of images on the regions of a whole population of candidates.

A search asks for thousands of regions of the same images. All candidates of an image follow each
other while the image and its maps are in the cache, and nothing of a candidate outlives it but its
curves: there are never P masks or P images.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arguments import (
    Background,
    Construction,
    check_background,
    check_construction,
    check_grid_or_steps,
    check_images,
    check_maps,
    map_bytes,
)
from .compiling import entry
from .curves import write_betti_curve
from .padded.workspace import Blocks, borrowed_blocks, workspace_of
from .roi.candidates import Candidates, place_candidate
from .roi.image_levels import Scratch, flat_images, new_scratch
from .roi.rules import rules_of
from .simple.classification import classify
from .threads import check_threads, run_in_threads


class RoiBettiCurves(NamedTuple):
    """Betti curves on the regions of P candidates in n images.

    Attributes:
        curves: int32 (P, n, d, N); beta_k at threshold i at [p, b, k, i].
        voxels: int64 (P, n), of the region; at least 1.
        empty: bool (P, n), whether the region came out empty and became the fused map's maximum.

    Example:
        >>> import numpy as np
        >>> from topojax.kernels import roi_betti_curves
        >>> maps = np.array([[[[255, 204], [0, 0]]]], np.uint8)
        >>> found = roi_betti_curves([[[1, 2], [3, 4]]], maps, [[1.0]], [0.5], [1, 2])
        >>> found.curves.shape, found.voxels.tolist(), found.empty.tolist()
        ((1, 1, 2, 2), [[2]], [[False]])
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
        images: (n, H, W) or (n, D, H, W), bool, integer or float. A voxel of +inf is absent,
            and so is a masked one of a masked array.
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

    Example:
        >>> import numpy as np
        >>> from topojax.kernels import roi_betti_curves
        >>> image = np.array([[[1, 1, 1], [1, 9, 1], [1, 1, 1]]])
        >>> maps = np.array([[[[255, 255, 255], [51, 0, 255], [255, 255, 255]]]], np.uint8)
        >>> found = roi_betti_curves(image, maps, [[1.0], [1.0]], [0.1, 0.5], [1, 9])
        >>> found.voxels.tolist()
        [[8], [7]]
        >>> found.curves[:, 0].tolist()
        [[[1, 1], [1, 1]], [[1, 1], [0, 0]]]
    """
    top = check_construction(construction)
    zero = check_background(background)
    threads = check_threads(n_threads)
    shape = np.shape(images)
    volumes = check_images(images, "images", batch=True, dimensions=(2, 3))
    stack = check_maps(maps)
    if (len(stack), *stack.shape[2:]) != shape:
        raise ValueError(
            f"maps has shape {stack.shape}; expected (n, L, *spatial) for images of shape {shape}"
        )
    rules = rules_of(stack, weights, taus, rescale)
    grids = check_grid_or_steps(thresholds, volumes)
    layers = map_bytes(stack)
    samples, population = len(volumes), len(rules.taus)
    size, own_grids = volumes.shape[1:], len(grids) == 0
    flat = flat_images(volumes)
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
        run = Candidates(layers[start:stop], rules, zero, own_grids, voxels, empty)
        with borrowed_blocks(size, n_thresholds, dimensions == 3) as blocks:
            scratch = new_scratch(size, flat.dtype, grids, blocks.levels.dtype)
            _write_candidate_curves(flat[start:stop], size, run, top, scratch, blocks, curves)
        result.curves[:, start:stop] = curves.swapaxes(0, 1)
        result.voxels[:, start:stop] = voxels.T
        result.empty[:, start:stop] = empty.T

    run_in_threads(write, samples, volumes.size * population, threads)
    return result


@entry
def _write_candidate_curves(
    images: np.ndarray,
    shape: tuple[int, int, int],
    candidates: Candidates,
    top: bool,
    scratch: Scratch,
    blocks: Blocks,
    curves: np.ndarray,
) -> None:
    """Write the Betti curves of images on their candidates' regions.

    Args:
        images: float32 or float64 (B, V).
        shape: (D, H, W), of V voxels.
        candidates: P regions of every image.
        top: T-construction, else V.
        scratch: overwritten; its grid is that of all regions which have none of their own.
        blocks: for volumes of that size; overwritten.
        curves: int64 (B, P, d, N), zeros; written. d = 2: images of one slice, in the plane.
    """
    volumetric = curves.shape[2] == 3
    work = workspace_of(blocks)
    for b in range(curves.shape[0]):
        for p in range(curves.shape[1]):
            layout = place_candidate(
                work.levels, scratch, candidates, images[b], shape, b, p, volumetric
            )
            classify(work, layout, top)
            write_betti_curve(work, layout, top, curves[b, p])
