"""What is filtered of images, by the one filtration that a fit has so far."""

from __future__ import annotations

import numpy as np

from topojax.config import TopologyConfig
from topojax.errors import ConfigError
from topojax.topology import (
    expand_filtrations,
    filtered,
    find_filtration,
    grey_images,
    learn_grid,
)


def only_filtration(config: TopologyConfig, spatial_dims: int) -> str:
    """Return the name of the filtration.

    Raises:
        ConfigError: it is unknown or there are several, or its values may be +inf where grids
            follow from each sample's own.
    """
    names = expand_filtrations(config.filtrations, spatial_dims)
    if len(names) > 1:
        raise ConfigError(
            f"topology.filtrations={list(config.filtrations)} are {len(names)} filtrations; "
            "expected one; for more use the transformers of topojax.topology"
        )
    if config.grid == "sample" and not find_filtration(names[0], spatial_dims).finite:
        raise ConfigError(
            f"topology.grid='sample' with filtration {names[0]!r}, whose values may be infinite; "
            "choose the grid 'fixed' or 'quantile'"
        )
    return names[0]


def filtered_images(images: np.ndarray, spatial_dims: int, config: TopologyConfig) -> np.ndarray:
    """Return what is filtered of images (n, *spatial[, 3]), float32 (n, *spatial)."""
    return filtered(grey_images(images, spatial_dims), only_filtration(config, spatial_dims))


def learn_filtered_grid(values: np.ndarray, config: TopologyConfig) -> np.ndarray | None:
    """Return `learn_grid` of what `filtered_images` gave of the training split.

    Raises:
        DataError: all finite values are one constant; the filtration is named.
    """
    (name,) = config.filtrations
    said = "images" if name == "intensity" else f"values of filtration {name!r}"
    return learn_grid(values, config, name=said)
