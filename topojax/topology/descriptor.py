"""The descriptor φ(X') = [β0 … β(d-1)] / V' followed by V' (paper, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from topojax.config import TopologyConfig
from topojax.kernels import betti_curves_batch
from topojax.topology.grids import sample_grids


@dataclass(frozen=True)
class BettiDescriptors:
    """Betti curves of ROIs and the ROIs' sizes.

    Attributes:
        curves: int64 (n, d, N); Betti numbers of dimensions 0 … d-1 at N thresholds.
        voxels: int64 (n,); number of ROI voxels V', at least 1.
    """

    curves: np.ndarray
    voxels: np.ndarray

    def normalised_curves(self) -> np.ndarray:
        """Return the curves divided by V', float32 (n, d, N)."""
        return (self.curves / self.voxels[:, None, None]).astype(np.float32)

    def matrix(self) -> np.ndarray:
        """Return φ, float32 (n, d·N + 1)."""
        curves = self.normalised_curves().reshape(len(self.curves), -1)
        return np.concatenate([curves, self.voxels[:, None].astype(np.float32)], axis=1)


def feature_names(n_dims: int, n_thresholds: int) -> tuple[str, ...]:
    """Return the names of φ's columns: betti0_0 … betti(d-1)_(N-1), roi_voxels."""
    curves = [f"betti{k}_{i}" for k in range(n_dims) for i in range(n_thresholds)]
    return (*curves, "roi_voxels")


def roi_betti_curves(
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
        construction: T or V (design, section 1).
    """
    if background == "exclude":
        return betti_curves_batch(images, thresholds, masks=masks, construction=construction)
    masked = np.where(masks, images, np.zeros((), images.dtype))
    return betti_curves_batch(masked, thresholds, construction=construction)


def describe(
    images: np.ndarray, masks: np.ndarray, grid: np.ndarray | None, config: TopologyConfig
) -> BettiDescriptors:
    """Return the descriptors of grey images (n, *spatial) on their ROIs.

    Args:
        images: float32 (n, *spatial).
        masks: bool (n, *spatial), none of them empty.
        grid: shared thresholds (N,) learnt on the training split, or None: one grid a sample.
        config: construction, background and number of thresholds.
    """
    thresholds = sample_grids(images, masks, config.n_thresholds) if grid is None else grid
    curves = roi_betti_curves(
        images,
        masks,
        thresholds,
        background=config.background,
        construction=config.construction,
    )
    voxels = np.count_nonzero(masks, axis=tuple(range(1, masks.ndim)))
    return BettiDescriptors(curves, voxels.astype(np.int64))
