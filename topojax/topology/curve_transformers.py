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
from topojax.topology.roi import Background, RoiImages
from topojax.topology.transformer import RoiTransformer, check_choice, check_count, intensity_grid


class _CurveTransformer(RoiTransformer):
    """Base of the transformers that sample curves at thresholds."""

    _grids: ClassVar[tuple[str, ...]]
    grid: Any
    n_thresholds: int
    normalise: bool

    def _check_parameters(self) -> None:
        check_choice("grid", self.grid, self._grids)
        check_count("n_thresholds", self.n_thresholds, 2)

    def _learn(self, rois: RoiImages) -> None:
        self.grid_ = None
        if self.grid in ("fixed", "quantile"):
            self.grid_ = intensity_grid(
                rois, self.background, self.n_thresholds, quantiles=self.grid == "quantile"
            )

    @property
    def _grid_size(self) -> int:
        return self.n_thresholds if self.grid_ is None else len(self.grid_)

    def _features(self, rois: RoiImages) -> np.ndarray:
        curves = self._curves(rois)
        if not self.normalise:
            return curves.reshape(len(curves), -1).astype(np.float64)
        empty = np.flatnonzero(rois.voxels == 0)
        if empty.size:
            raise DataError(
                f"the ROI of image {empty[0]} in X is empty; expected at least one voxel to divide "
                "by; drop the image or set normalise=False"
            )
        return BettiDescriptors(curves, rois.voxels).matrix()

    @abstractmethod
    def _curves(self, rois: RoiImages) -> np.ndarray:
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
            descriptor φ, float32 (n, d·N + 1). False: the Betti numbers, float64 (n, d·N).
        spatial_dims: 2 for images, 3 for volumes; None: the shape has to tell, which it cannot
            where an axis of 1, 3 or 4 may be channels or slices.

    Attributes:
        grid_: float64 (N,), the shared grid; None for `sample` and `giotto`.
        spatial_dims_: number of spatial axes d.

    Example:
        >>> rings = np.ones((2, 3, 3)) * [[[1]], [[2]]]
        >>> rings[:, 1, 1] = 9
        >>> BettiCurve(n_thresholds=3, normalise=False).fit_transform(rings).tolist()
        [[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]]
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
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.grid = grid
        self.n_thresholds = n_thresholds
        self.construction = construction
        self.background = background
        self.normalise = normalise
        self.spatial_dims = spatial_dims

    def _curves(self, rois: RoiImages) -> np.ndarray:
        config = TopologyConfig(
            grid=self.grid,
            n_thresholds=int(self.n_thresholds),
            construction=self.construction,
            background=self.background,
        )
        return describe(rois.images, rois.inside, self.grid_, config).curves

    def _feature_names(self) -> Sequence[str]:
        names = feature_names(self.spatial_dims_, self._grid_size)
        return names if self.normalise else names[:-1]


class EulerCurve(_CurveTransformer):
    """Euler characteristic curves of images on their ROIs.

    They cost one pass without any union, and lose which dimension a change comes from.

    Args:
        grid: `fixed`, `quantile` or `sample`, as `BettiCurve`.
        n_thresholds, construction, background, spatial_dims: as `BettiCurve`.
        normalise: divide by the ROI's number of voxels V' and append V', float32 (n, N + 1).
            False: the alternating sums of Betti numbers, float64 (n, N).

    Attributes:
        grid_: float64 (N,), the shared grid; None for `sample`.
        spatial_dims_: number of spatial axes d.

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
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.grid = grid
        self.n_thresholds = n_thresholds
        self.construction = construction
        self.background = background
        self.normalise = normalise
        self.spatial_dims = spatial_dims

    def _curves(self, rois: RoiImages) -> np.ndarray:
        images = rois.filtered(self.background)
        if self.grid_ is None:
            grids = sample_grids(rois.images, rois.inside, self.n_thresholds)
        else:
            grids = np.broadcast_to(self.grid_, (len(images), len(self.grid_)))
        curves = [
            euler_curve(image, grid, construction=self.construction)
            for image, grid in zip(images, grids, strict=True)
        ]
        return np.stack(curves)[:, np.newaxis]

    def _feature_names(self) -> Sequence[str]:
        names = [f"euler_{i}" for i in range(self._grid_size)]
        return [*names, "roi_voxels"] if self.normalise else names
