"""What all descriptor transformers share: scikit-learn's conventions on images with ROIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from topojax.errors import ConfigError, DataError
from topojax.topology.grids import fixed_grid, quantile_grid
from topojax.topology.roi import Background, RoiImages, read_grey_images, read_rois


class RoiTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers from images to rows of features.

    Images are (n, H, W) or (n, D, H, W), bool, integer or float. Colours may follow as a last axis
    of 3, and become their luma. `spatial_dims` says 2 or 3 where the shape may be read in two ways,
    as that of volumes of three slices and of colour images. An ROI is given by voxels
    of +inf outside it, which pass through any Pipeline (`topojax.topology.roi_images` makes such
    images), or by `masks`, bool of the images' shape. Both may be given; a voxel counts where
    neither leaves it out. A Pipeline hands `masks` on where metadata routing is enabled and the
    step requests them: `.set_fit_request(masks=True).set_transform_request(masks=True)`.

    Subclasses have the parameters `construction`, `background` and `spatial_dims`.
    """

    construction: Any
    background: Any
    spatial_dims: Any

    def fit(self, X: np.ndarray, y: Any = None, *, masks: np.ndarray | None = None) -> Self:
        """Learn from images (n, *spatial) and their ROIs; `y` is ignored.

        Raises:
            ConfigError: a parameter out of its range, or software that it needs is missing.
            DataError: images or masks that cannot be used, or nothing to learn a range from.
        """
        check_choice("construction", self.construction, ("T", "V"))
        check_choice("background", self.background, ("exclude", "zero"))
        self._check_parameters()
        rois = read_rois(read_grey_images(X, self.spatial_dims), masks)
        self._learn(rois)
        self.spatial_dims_ = rois.spatial_dims
        return self

    def transform(self, X: np.ndarray, *, masks: np.ndarray | None = None) -> np.ndarray:
        """Return one row of features an image, (n, n_features).

        Raises:
            sklearn.exceptions.NotFittedError: before `fit`.
            DataError: images or masks that cannot be used, or another number of axes than in `fit`.
        """
        check_is_fitted(self, "spatial_dims_")
        rois = read_rois(read_grey_images(X, self.spatial_dims_, because=", as in fit"), masks)
        return self._features(rois)

    def fit_transform(
        self, X: np.ndarray, y: Any = None, *, masks: np.ndarray | None = None
    ) -> np.ndarray:
        """Return `fit(X, masks=masks).transform(X, masks=masks)`."""
        return self.fit(X, y, masks=masks).transform(X, masks=masks)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, object (n_features,); `input_features` is ignored."""
        check_is_fitted(self, "spatial_dims_")
        return np.array(self._feature_names(), dtype=object)

    @abstractmethod
    def _check_parameters(self) -> None: ...

    @abstractmethod
    def _learn(self, rois: RoiImages) -> None: ...

    @abstractmethod
    def _features(self, rois: RoiImages) -> np.ndarray: ...

    @abstractmethod
    def _feature_names(self) -> Sequence[str]: ...


def intensity_grid(
    rois: RoiImages, background: Background, n: int, *, quantiles: bool = False
) -> np.ndarray:
    """Return the shared grid over all values that enter the images' filtrations, float64 (N,).

    Args:
        quantiles: `quantile_grid`, else `fixed_grid`.

    Raises:
        DataError: no voxel is present, or all have one value.
    """
    volumes = rois.filtered(background)
    present = volumes[volumes < np.inf]
    if not present.size:
        raise DataError("X and masks leave no voxel in any image; expected at least one ROI")
    return quantile_grid(present, n) if quantiles else fixed_grid(present, n)


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ConfigError where the parameter is none of its choices."""
    if value not in choices:
        raise ConfigError(f"{name}={value!r}; expected {' or '.join(map(repr, choices))}")


def check_count(name: str, value: Any, least: int) -> None:
    """Raise ConfigError where the parameter is not a whole number of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name}={value!r}; expected a whole number of at least {least}")


def check_number(name: str, value: Any, *, positive: bool) -> None:
    """Raise ConfigError where the parameter is not a finite number of at least 0, or above 0."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 0 <= value < np.inf or (positive and value == 0):
        expected = "above 0" if positive else "of at least 0"
        raise ConfigError(f"{name}={value!r}; expected a finite number {expected}")
