"""The descriptor φ(X') = [β0 … β(d-1)] / V' followed by V' (paper, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

import topojax.kernels as kernels
from topojax.cam import regions_of_interest
from topojax.config import TopologyConfig
from topojax.errors import ConfigError, DataError, raised_as
from topojax.kernels.arguments import check_maps, check_rules
from topojax.kernels.threads import check_threads
from topojax.masked import refuse_masked
from topojax.row_files.row_blocks import row_blocks
from topojax.topology.giotto import giotto_betti_curves_batch
from topojax.topology.grids import sample_grids

_VOXELS_AT_ONCE = 2**23


@dataclass(frozen=True)
class BettiDescriptors:
    """Betti curves of ROIs and the ROIs' sizes, of n images or of n images for P candidates.

    Attributes:
        curves: integers (n, d, N) or (P, n, d, N); Betti numbers of dimensions 0 … d-1 at N
            thresholds.
        voxels: int64 (n,) or (P, n); number of ROI voxels V', at least 1.

    Example:
        >>> found = BettiDescriptors(np.array([[[1, 2], [0, 1]]]), np.array([4]))
        >>> found.matrix().tolist()
        [[0.25, 0.5, 0.0, 0.25, 4.0]]
    """

    curves: np.ndarray
    voxels: np.ndarray

    def normalised_curves(self) -> np.ndarray:
        """Return the curves divided by V', float32, of their shape."""
        return (self.curves / self.voxels[..., None, None]).astype(np.float32)

    def matrix(self) -> np.ndarray:
        """Return φ, float32 (n, d·N + 1) or (P, n, d·N + 1)."""
        n_dims, n_thresholds = self.curves.shape[-2:]
        rows = np.empty((*self.voxels.shape, n_dims * n_thresholds + 1), np.float32)
        rows[..., :-1] = self.normalised_curves().reshape(*self.voxels.shape, -1)
        rows[..., -1] = self.voxels
        return rows

    def rows(self, index: np.ndarray) -> BettiDescriptors:
        """Return the descriptors of some of n images, by index or mask."""
        return BettiDescriptors(self.curves[index], self.voxels[index])

    @classmethod
    def concatenate(cls, parts: Sequence[BettiDescriptors]) -> BettiDescriptors:
        """Return the descriptors of consecutive images, (n, d, N) each, as one."""
        return cls(
            np.concatenate([part.curves for part in parts]),
            np.concatenate([part.voxels for part in parts]),
        )


def feature_names(n_dims: int, n_thresholds: int) -> tuple[str, ...]:
    """Return the names of φ's columns: betti0_0 … betti(d-1)_(N-1), roi_voxels.

    Example:
        >>> feature_names(2, 2)
        ('betti0_0', 'betti0_1', 'betti1_0', 'betti1_1', 'roi_voxels')
    """
    curves = [f"betti{k}_{i}" for k in range(n_dims) for i in range(n_thresholds)]
    return (*curves, "roi_voxels")


def masked_betti_curves(
    images: np.ndarray,
    masks: np.ndarray,
    thresholds: np.ndarray,
    *,
    background: Literal["exclude", "zero"],
    construction: Literal["T", "V"],
) -> np.ndarray:
    """Return Betti curves of the images on their ROIs, int64 (n, d, N).

    Args:
        images: grey, float32 (n, *spatial).
        masks: bool (n, *spatial); the ROIs.
        thresholds: float64, (N,) shared or (n, N).
        background: `exclude`, the complex is the ROI alone; `zero`, it is the full grid with
            X ⊙ M, as the paper's formula has it.
        construction: T or V (METHOD.md, "Constructions").

    Example:
        A dark ring around a bright pixel, on the ring alone and as X ⊙ M, where the pixel is 0.

        >>> ring = np.array([[[1, 1, 1], [1, 9, 1], [1, 1, 1]]], np.float32)
        >>> roi, thresholds = ring < 9, np.array([0.0, 1.0])
        >>> masked_betti_curves(
        ...     ring, roi, thresholds, background="exclude", construction="T"
        ... ).tolist()
        [[[0, 1], [0, 1]]]
        >>> masked_betti_curves(ring, roi, thresholds, background="zero", construction="T").tolist()
        [[[1, 1], [0, 0]]]
    """
    refuse_masked(images, "images")
    inside = masks if background == "exclude" else None
    values = images if background == "exclude" else np.where(masks, images, images.dtype.type(0))
    return kernels.betti_curves_batch(values, thresholds, masks=inside, construction=construction)


def describe(
    images: np.ndarray, masks: np.ndarray, grid: np.ndarray | None, config: TopologyConfig
) -> BettiDescriptors:
    """Return the descriptors of grey images (n, *spatial) on their ROIs.

    Args:
        images: what is filtered, float32 (n, *spatial); see `filtered`.
        masks: bool (n, *spatial), none of them empty.
        grid: shared thresholds (N,) learnt on the training split, or None: made for each sample
            (see `learn_grid`).
        config: construction, background, kind of grid and number of thresholds.

    Example:
        >>> ring = np.array([[[1, 1, 1], [1, 9, 1], [1, 1, 1]]], np.float32)
        >>> found = describe(ring, ring < 9, np.array([0.0, 1.0]), TopologyConfig())
        >>> found.curves.tolist(), found.voxels.tolist()
        ([[[0, 1], [0, 1]]], [8])
    """
    refuse_masked(images, "images")
    if grid is None and config.grid == "giotto":
        outside = np.inf if config.background == "exclude" else 0.0
        curves = giotto_betti_curves_batch(
            np.where(masks, images, images.dtype.type(outside)),
            config.n_thresholds,
            construction=config.construction,
        )
    else:
        curves = masked_betti_curves(
            images,
            masks,
            sample_grids(images, masks, config.n_thresholds) if grid is None else grid,
            background=config.background,
            construction=config.construction,
        )
    voxels = np.count_nonzero(masks, axis=tuple(range(1, masks.ndim)))
    return BettiDescriptors(curves, voxels.astype(np.int64))


def describe_candidates(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    grid: np.ndarray | None,
    config: TopologyConfig,
    *,
    rescale: bool = True,
) -> tuple[BettiDescriptors, np.ndarray]:
    """Return the descriptors of grey images on the ROIs of P candidates, and which were empty.

    Equal to `describe` on each candidate's `regions_of_interest`, in a fraction of the time.

    Args:
        images, grid, config: as `describe`.
        maps: (n, L, *spatial), one map a layer: float32 in [0, 1], or uint8 in units of 1/255.
        weights: (P, L), not negative, not all zero.
        taus: (P,), in (0, 1].
        rescale: scale fused maps to [0, 1] before they are thresholded.

    Returns:
        descriptors: curves int32 (P, n, d, N), voxels int64 (P, n).
        empty: bool (P, n); ROIs that came out empty and became the map's maximum.

    Raises:
        ConfigError: weights or taus out of range, or not one a layer or a candidate.
        DataError: shapes that do not fit together, or images or maps that cannot be used.

    Example:
        Two thresholds on one map, which fades from the image's left to its right.

        >>> image, grid = np.array([[[1, 2, 1]]], np.float32), np.array([1.0])
        >>> maps = np.array([[[[255, 153, 51]]]], np.uint8)
        >>> weights, taus = np.ones((2, 1)), np.array([0.1, 0.9])
        >>> found, empty = describe_candidates(
        ...     image, maps, weights, taus, grid, TopologyConfig(), rescale=False
        ... )
        >>> found.curves[:, 0, 0].tolist(), found.voxels.tolist(), empty.tolist()
        ([[2], [1]], [[3], [1]], [[False], [False]])
    """
    refuse_masked(images, "images")
    with raised_as(DataError):
        n_layers = check_maps(maps).shape[1]
    with raised_as(ConfigError):
        check_rules(weights, taus, n_layers)
    if grid is None and config.grid == "giotto":
        describe_some = partial(_describe_by_giotto, config=config, rescale=rescale)
    else:
        describe_some = partial(_describe_by_kernels, grid=grid, config=config, rescale=rescale)
    if len(images) != len(maps):
        raise DataError(
            f"maps has shape {maps.shape}; expected (n, L, *spatial) for images of shape "
            f"{images.shape}"
        )
    # Kernels take bytes as float32: a copy, of as many images at a time as keep all threads busy.
    runs = row_blocks(images.shape, _VOXELS_AT_ONCE, least=4 * check_threads(None))
    # Of no image kernels still tell the shapes.
    parts = [
        describe_some(images[rows], maps[rows], weights, taus)
        for rows in list(runs) or [slice(0, 0)]
    ]
    if len(parts) == 1:
        return parts[0]
    curves = np.concatenate([found.curves for found, _ in parts], axis=1)
    voxels = np.concatenate([found.voxels for found, _ in parts], axis=1)
    return BettiDescriptors(curves, voxels), np.concatenate([empty for _, empty in parts], axis=1)


def _describe_by_kernels(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    grid: np.ndarray | None,
    config: TopologyConfig,
    rescale: bool,
) -> tuple[BettiDescriptors, np.ndarray]:
    with raised_as(DataError):
        curves, voxels, empty = kernels.roi_betti_curves(
            images,
            maps,
            weights,
            taus,
            config.n_thresholds if grid is None else grid,
            construction=config.construction,
            background=config.background,
            rescale=rescale,
        )
    return BettiDescriptors(curves, voxels), empty


def _describe_by_giotto(
    images: np.ndarray,
    maps: np.ndarray,
    weights: np.ndarray,
    taus: np.ndarray,
    config: TopologyConfig,
    rescale: bool,
) -> tuple[BettiDescriptors, np.ndarray]:
    # Every dimension of every image has a grid of its own, that follows from all of its bars.
    population, n = len(weights), len(images)
    curves = np.empty((population, n, images.ndim - 1, config.n_thresholds), np.int32)
    voxels, empty = np.empty((population, n), np.int64), np.empty((population, n), np.bool_)
    for p, (weight, tau) in enumerate(zip(weights, taus, strict=True)):
        masks, empty[p] = regions_of_interest(maps, weight, float(tau), rescale=rescale)
        found = describe(images, masks, None, config)
        curves[p], voxels[p] = found.curves, found.voxels
    return BettiDescriptors(curves, voxels), empty
