"""Persistence landscapes and silhouettes as scikit-learn transformers, by GUDHI.

The extra `diagrams` installs it. Diagrams are those that the kernel gives exactly.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from topojax.errors import ConfigError
from topojax.topology.transformers.diagram_transformers import DiagramTransformer
from topojax.topology.transformers.roi import Background
from topojax.topology.transformers.transformer import check_count, check_number


class PersistenceLandscape(DiagramTransformer):
    """Persistence landscapes of each dimension (Bubenik 2015, JMLR 16), by GUDHI.

    Sampled over the range of values seen in `fit`, ends included; heights are √2 times Bubenik's,
    as GUDHI scales them. Bars that never end, end at the range's end; the part of any bar beyond it
    is cut off.

    Args:
        n_layers: number of landscape functions, at least 1.
        resolution: R, points of each, at least 2.
        dims: some of 0 … d - 1, None: all.
        construction, background, filtrations, spatial_dims: as `BettiCurve`.

    Attributes:
        ranges_, range_, dims_, filtrations_, spatial_dims_: as `PersistenceImage`.

    `transform` returns float64 (n, n_dims·n_layers·R); names are `landscape{dim}_{layer}_{i}`.

    Example:
        >>> two_wells = np.array([[[0, 9, 0]]])
        >>> landscape = PersistenceLandscape(1, resolution=3, dims=(0,))
        >>> landscape.fit_transform(two_wells).round(2).tolist()
        [[0.0, 6.36, 0.0]]
    """

    def __init__(
        self,
        n_layers: int = 5,
        *,
        resolution: int = 50,
        dims: Sequence[int] | None = None,
        construction: Literal["T", "V"] = "T",
        background: Background = "exclude",
        filtrations: Sequence[str] = ("intensity",),
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.n_layers = n_layers
        self.resolution = resolution
        self.dims = dims
        self.construction = construction
        self.background = background
        self.filtrations = filtrations
        self.spatial_dims = spatial_dims

    def _check_parameters(self) -> None:
        check_count("n_layers", self.n_layers, 1)
        check_count("resolution", self.resolution, 2)
        _gudhi_representations("PersistenceLandscape")

    def _vectors(self, diagrams: list[np.ndarray], span: tuple[float, float]) -> np.ndarray:
        gudhi = _gudhi_representations("PersistenceLandscape")
        landscape = gudhi.Landscape(self.n_layers, self.resolution, list(span))
        return landscape.fit_transform(diagrams)

    def _block_names(self, name: str) -> Sequence[str]:
        layers, points = range(self.n_layers), range(self.resolution)
        return [f"landscape{k}_{layer}_{i}" for k in self.dims_ for layer in layers for i in points]


class PersistenceSilhouette(DiagramTransformer):
    """Persistence silhouettes of each dimension (Chazal et al. 2014, SoCG), by GUDHI.

    Range, scale and the treatment of long bars are those of `PersistenceLandscape`.

    Args:
        resolution: R, points of each, at least 2.
        weight_power: a bar of length l weighs l ** weight_power; at least 0.
        dims: some of 0 … d - 1, None: all.
        construction, background, filtrations, spatial_dims: as `BettiCurve`.

    Attributes:
        ranges_, range_, dims_, filtrations_, spatial_dims_: as `PersistenceImage`.

    `transform` returns float64 (n, n_dims·R); names are `silhouette{dim}_{i}`.

    Example:
        >>> two_wells = np.array([[[0, 9, 0]]])
        >>> PersistenceSilhouette(3, dims=(0,)).fit_transform(two_wells).round(2).tolist()
        [[0.0, 6.36, 0.0]]
    """

    def __init__(
        self,
        resolution: int = 50,
        *,
        weight_power: float = 1.0,
        dims: Sequence[int] | None = None,
        construction: Literal["T", "V"] = "T",
        background: Background = "exclude",
        filtrations: Sequence[str] = ("intensity",),
        spatial_dims: Literal[2, 3] | None = None,
    ) -> None:
        self.resolution = resolution
        self.weight_power = weight_power
        self.dims = dims
        self.construction = construction
        self.background = background
        self.filtrations = filtrations
        self.spatial_dims = spatial_dims

    def _check_parameters(self) -> None:
        check_count("resolution", self.resolution, 2)
        check_number("weight_power", self.weight_power, positive=False)
        _gudhi_representations("PersistenceSilhouette")

    def _vectors(self, diagrams: list[np.ndarray], span: tuple[float, float]) -> np.ndarray:
        gudhi = _gudhi_representations("PersistenceSilhouette")

        def weight(bar: np.ndarray) -> float:
            return (bar[1] - bar[0]) ** self.weight_power

        silhouette = gudhi.Silhouette(weight, self.resolution, list(span))
        return silhouette.fit_transform(diagrams)

    def _block_names(self, name: str) -> Sequence[str]:
        return [f"silhouette{k}_{i}" for k in self.dims_ for i in range(self.resolution)]


def _gudhi_representations(needed_by: str) -> Any:
    """Import on first use, since GUDHI is an extra."""
    try:
        return importlib.import_module("gudhi.representations")
    except ImportError as error:
        raise ConfigError(
            f"{needed_by} needs GUDHI, which cannot be imported ({error}); "
            "pip install 'topojax[diagrams]'"
        ) from error
