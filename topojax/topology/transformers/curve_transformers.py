"""Betti curves and Euler curves as scikit-learn transformers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from topojax.config import TopologyConfig
from topojax.errors import DataError
from topojax.kernels import euler_curve
from topojax.topology.descriptor import BettiDescriptors, describe, feature_names
from topojax.topology.grids import sample_grids
from topojax.topology.transformers.roi import Background, RoiImages
from topojax.topology.transformers.transformer import (
    RoiTransformer,
    check_choice,
    check_count,
    only_one,
    shared_grid,
)


class _CurveTransformer(RoiTransformer):
    """Base of the transformers that sample curves at thresholds."""

    _grids: ClassVar[tuple[str, ...]]
    grid: Any
    n_thresholds: int
    normalise: bool

    def _check_parameters(self) -> None:
        check_choice("grid", self.grid, self._grids)
        check_count("n_thresholds", self.n_thresholds, 2)

    def _forget(self, spatial_dims: int) -> None:
        self.grids_: dict[str, np.ndarray | None] = {}

    def _learn(self, name: str, rois: RoiImages) -> None:
        self.grids_[name] = None
        if self.grid in ("fixed", "quantile"):
            self.grids_[name] = shared_grid(
                rois,
                self.background,
                self.n_thresholds,
                name=self._values_of(name),
                quantiles=self.grid == "quantile",
            )

    @property
    def grid_(self) -> np.ndarray | None:
        """The shared grid of the only filtration, float64 (N,); of several see `grids_`."""
        return only_one(self.grids_, "grid")

    def _grid_size(self, name: str) -> int:
        grid = self.grids_[name]
        return self.n_thresholds if grid is None else len(grid)

    def _block(self, name: str, rois: RoiImages) -> np.ndarray:
        if self.normalise:
            self._refuse_empty(rois)
        curves = self._curves(rois, self.grids_[name])
        if self.normalise:
            curves = BettiDescriptors(curves, rois.voxels).normalised_curves()
        return curves.reshape(len(curves), -1).astype(np.float32 if self.normalise else np.float64)

    def _shared_columns(self, rois: RoiImages) -> list[np.ndarray]:
        return [rois.voxels[:, np.newaxis].astype(np.float32)] if self.normalise else []

    def _shared_names(self) -> Sequence[str]:
        return ["roi_voxels"] if self.normalise else []

    def _refuse_empty(self, rois: RoiImages) -> None:
        empty = np.flatnonzero(rois.voxels == 0)
        if empty.size:
            raise DataError(
                f"the ROI of image {empty[0]} in X is empty; expected at least one voxel to divide "
                "by; drop the image or set normalise=False"
            )

    @abstractmethod
    def _curves(self, rois: RoiImages, grid: np.ndarray | None) -> np.ndarray:
        """Return the curves that make one row each, int64 (n, n_curves, N)."""


class BettiCurve(_CurveTransformer):
    """Betti curves of images on their ROIs (paper, section 3).

    Args:
        grid: where the curves are sampled. `fixed`: N even steps over the values seen in `fit`,
            shared by all images; `quantile`: N thresholds with equally many of those values between
            them, shared as well; `sample`: for each image, even steps from min(0, min X') to
            max(0, max X') over its ROI; `giotto`: for each image and dimension, from the smallest
            birth to the largest death, reduced homology, as giotto-tda's `BettiCurve` fitted on one
            image (`topojax.topology.giotto`). Curves of different images compare on shared grids
            alone.
        n_thresholds: N, at least 2. A quantile grid is shorter where there are fewer intensities.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.
        background: `exclude`, the complex is the ROI alone; `zero`, it is the full image with 0
            outside the ROI, as the paper's formula has it.
        normalise: divide by the ROI's number of voxels V' and append V', which gives the paper's
            descriptor φ, float32 (n, d·N + 1). False: the Betti numbers, float64 (n, d·N). With
            more than one filtration there are d·N columns of each, then V' once.
        filtrations: names of filtrations and banks (METHOD.md, "Filtrations"). A filter sees the
            whole image, with voxels of +inf as their nearest finite ones; the ROI restricts
            afterwards.
        spatial_dims: 2 for images, 3 for volumes; None: the shape has to tell, which it cannot
            where an axis of 1, 3 or 4 may be channels or slices.

    Attributes:
        grids_: by filtration the shared grid, float64 (N,); None for `sample` and `giotto`.
        grid_: that of the only filtration.
        filtrations_: names, those of banks replaced by their members.
        spatial_dims_: number of spatial axes d.

    Example:
        >>> rings = np.ones((2, 3, 3)) * [[[1]], [[2]]]
        >>> rings[:, 1, 1] = 9
        >>> BettiCurve(n_thresholds=3, normalise=False).fit_transform(rings).tolist()
        [[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]]
        >>> bank = BettiCurve(n_thresholds=2, filtrations=("intensity", "-log:1")).fit(rings)
        >>> bank.get_feature_names_out()[[0, 3, 4, 7, 8]].tolist()
        ['intensity_betti0_0', 'intensity_betti1_1', '-log:1_betti0_0', '-log:1_betti1_1',
         'roi_voxels']
    """

    _grids = ("fixed", "quantile", "sample", "giotto")

    def __init__(
        self,
        grid: Literal["fixed", "quantile", "sample", "giotto"] = "fixed",
        *,
        n_thresholds: int = 50,
        construction: Literal["T", "V"] = "T",
        background: Background = "exclude",
        normalise: bool = True,
        filtrations: Sequence[str] = ("intensity",),
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.grid = grid
        self.n_thresholds = n_thresholds
        self.construction = construction
        self.background = background
        self.normalise = normalise
        self.filtrations = filtrations
        self.spatial_dims = spatial_dims

    def _curves(self, rois: RoiImages, grid: np.ndarray | None) -> np.ndarray:
        config = TopologyConfig(
            grid=self.grid,
            n_thresholds=int(self.n_thresholds),
            construction=self.construction,
            background=self.background,
        )
        return describe(rois.images, rois.inside, grid, config).curves

    def _block_names(self, name: str) -> Sequence[str]:
        return feature_names(self.spatial_dims_, self._grid_size(name))[:-1]


class EulerCurve(_CurveTransformer):
    """Euler characteristic curves of images on their ROIs.

    They cost one pass without any union, and lose which dimension a change comes from.

    Args:
        grid: `fixed`, `quantile` or `sample`, as `BettiCurve`.
        n_thresholds, construction, background, filtrations, spatial_dims: as `BettiCurve`.
        normalise: divide by the ROI's number of voxels V' and append V', float32 (n, N + 1).
            False: the alternating sums of Betti numbers, float64 (n, N).

    Attributes:
        grids_, grid_, filtrations_, spatial_dims_: as `BettiCurve`.

    Example:
        >>> rings = np.ones((2, 3, 3)) * [[[1]], [[2]]]
        >>> rings[:, 1, 1] = 9
        >>> EulerCurve(n_thresholds=3, normalise=False).fit_transform(rings).tolist()
        [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    """

    _grids = ("fixed", "quantile", "sample")

    def __init__(
        self,
        grid: Literal["fixed", "quantile", "sample"] = "fixed",
        *,
        n_thresholds: int = 50,
        construction: Literal["T", "V"] = "T",
        background: Background = "exclude",
        normalise: bool = True,
        filtrations: Sequence[str] = ("intensity",),
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.grid = grid
        self.n_thresholds = n_thresholds
        self.construction = construction
        self.background = background
        self.normalise = normalise
        self.filtrations = filtrations
        self.spatial_dims = spatial_dims

    def _curves(self, rois: RoiImages, grid: np.ndarray | None) -> np.ndarray:
        images = rois.filtered(self.background)
        if grid is None:
            grids = sample_grids(rois.images, rois.inside, self.n_thresholds)
        else:
            grids = np.broadcast_to(grid, (len(images), len(grid)))
        curves = [
            euler_curve(image, own, construction=self.construction)
            for image, own in zip(images, grids, strict=True)
        ]
        return np.stack(curves)[:, np.newaxis]

    def _block_names(self, name: str) -> Sequence[str]:
        return [f"euler_{i}" for i in range(self._grid_size(name))]
