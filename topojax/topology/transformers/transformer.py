"""What all descriptor transformers share: scikit-learn's conventions on images with ROIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from topojax.errors import ConfigError, DataError
from topojax.topology.filtered_rois import filtered_rois
from topojax.topology.filtrations import expand_filtrations
from topojax.topology.grids import fixed_grid, quantile_grid
from topojax.topology.transformers.roi import Background, RoiImages, read_grey_images, read_rois


class RoiTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers from images to rows of features.

    Images are (n, H, W) or (n, D, H, W), bool, integer or float. Colours may follow as a last axis
    of 3, and become their luma. `spatial_dims` says 2 or 3 where the shape may be read in two ways,
    as that of volumes of three slices and of colour images. An ROI is given by voxels
    of +inf outside it, which pass through any Pipeline (`topojax.topology.roi_images` makes such
    images), or by `masks`, bool of the images' shape. Both may be given; a voxel counts where
    neither leaves it out. A Pipeline hands `masks` on where metadata routing is enabled and the
    step requests them: `.set_fit_request(masks=True).set_transform_request(masks=True)`.

    Each of `filtrations`, names of filtrations and banks (METHOD.md, "Filtrations"), gives a block
    of columns, and what is learnt is learnt of each. A filter sees the whole image, which an ROI
    given by `masks` restricts afterwards; voxels of +inf are seen with the value of the nearest
    finite voxel. Names of columns begin with that of the filtration, such as `log:1_betti0_3`;
    `("intensity",)` alone, the default, leaves it out.

    Subclasses have the parameters `filtrations`, `construction`, `background` and `spatial_dims`.
    """

    filtrations: Any
    construction: Any
    background: Any
    spatial_dims: Any

    def fit(self, X: np.ndarray, y: Any = None, *, masks: np.ndarray | None = None) -> Self:
        """Learn from images (n, *spatial) and their ROIs; `y` is ignored.

        Raises:
            ConfigError: a parameter out of its range, or software that it needs is missing.
            DataError: images or masks that cannot be used, or a filtration of which there is
                nothing to learn a range from.
        """
        rois = self._begin(X, masks)
        for name, part in filtered_rois(rois, self.filtrations_):
            self._learn(name, part)
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
        blocks = [self._block(*part) for part in filtered_rois(rois, self.filtrations_)]
        return np.concatenate([*blocks, *self._shared_columns(rois)], axis=1)

    def fit_transform(
        self, X: np.ndarray, y: Any = None, *, masks: np.ndarray | None = None
    ) -> np.ndarray:
        """Return `fit(X, masks=masks).transform(X, masks=masks)`; each filter runs once."""
        rois = self._begin(X, masks)
        blocks = []
        for name, part in filtered_rois(rois, self.filtrations_):
            self._learn(name, part)
            blocks.append(self._block(name, part))
        self.spatial_dims_ = rois.spatial_dims
        return np.concatenate([*blocks, *self._shared_columns(rois)], axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, object (n_features,); `input_features` is ignored."""
        check_is_fitted(self, "spatial_dims_")
        alone = self.filtrations_ == ("intensity",)
        names = [
            column if alone else f"{name}_{column}"
            for name in self.filtrations_
            for column in self._block_names(name)
        ]
        return np.array([*names, *self._shared_names()], dtype=object)

    def _begin(self, X: np.ndarray, masks: np.ndarray | None) -> RoiImages:
        """Check parameters and images, and forget what was learnt."""
        check_choice("construction", self.construction, ("T", "V"))
        check_choice("background", self.background, ("exclude", "zero"))
        self._check_parameters()
        rois = read_rois(read_grey_images(X, self.spatial_dims), masks)
        # Where learning fails half-way, nothing is fitted.
        self.__dict__.pop("spatial_dims_", None)
        self.filtrations_ = expand_filtrations(self.filtrations, rois.spatial_dims)
        self._forget(rois.spatial_dims)
        return rois

    def _values_of(self, name: str) -> str:
        """Return how messages call what is filtered."""
        return "images" if self.filtrations_ == ("intensity",) else f"values of filtration {name!r}"

    @abstractmethod
    def _check_parameters(self) -> None: ...

    @abstractmethod
    def _forget(self, spatial_dims: int) -> None: ...

    @abstractmethod
    def _learn(self, name: str, rois: RoiImages) -> None: ...

    @abstractmethod
    def _block(self, name: str, rois: RoiImages) -> np.ndarray:
        """Return the columns of a filtration, (n, n_columns)."""

    @abstractmethod
    def _block_names(self, name: str) -> Sequence[str]: ...

    def _shared_columns(self, rois: RoiImages) -> list[np.ndarray]:
        """Return columns that no filtration has a say in, (n, n_columns) each."""
        return []

    def _shared_names(self) -> Sequence[str]:
        return ()


def shared_grid(
    rois: RoiImages, background: Background, n: int, *, name: str, quantiles: bool = False
) -> np.ndarray:
    """Return the shared grid over all values that enter, float64 (N,).

    Args:
        name: of the values, for messages.
        quantiles: `quantile_grid`, else `fixed_grid`.

    Raises:
        DataError: no voxel is present, or all have one value.
    """
    if background == "exclude" and not rois.inside.any():
        raise DataError("X and masks leave no voxel in any image; expected at least one ROI")
    values = rois.filtered(background)
    return quantile_grid(values, n, name=name) if quantiles else fixed_grid(values, n, name=name)


def only_one(by_filtration: Mapping[str, Any], attribute: str) -> Any:
    """Return what was learnt of the only filtration.

    Raises:
        AttributeError: there are several.
    """
    if len(by_filtration) != 1:
        raise AttributeError(
            f"{attribute}_ is of one filtration, and there are {len(by_filtration)}; read "
            f"{attribute}s_[name]"
        )
    (learnt,) = by_filtration.values()
    return learnt


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
