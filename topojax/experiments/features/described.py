"""From grey images to the ends of their values, to thresholds, and to descriptors on these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.config import TopologyConfig
from topojax.topology import bank_feature_names, describe_bank, filter_images
from topojax.topology.filtered_images import Grids
from topojax.topology.filtrations import filtered_bank
from topojax.topology.grids import fixed_grid

NO_ENDS = (np.inf, -np.inf)
"""Of no finite value."""


def ends_of(grey: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return the least and the largest finite value by filtration, float64 (k, 2).

    Args:
        grey: float32 (n, *spatial).
        names: of k filtrations.
    """
    ends = []
    for _, values in filtered_bank(grey, names):
        finite = values[values < np.inf]
        ends.append((float(finite.min()), float(finite.max())) if finite.size else NO_ENDS)
    return np.array(ends)


def joined_ends(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the ends, float64 (k, 2), of all images whose parts have these."""
    lows, highs = np.moveaxis(np.stack(parts), -1, 0)
    return np.stack([lows.min(axis=0), highs.max(axis=0)], axis=-1)


def grids_between(
    ends: np.ndarray, names: tuple[str, ...], n: int, *, intensity: str
) -> dict[str, np.ndarray]:
    """Return n even steps between the ends by filtration, float64 (n,) each.

    Args:
        ends: float64 (k, 2).
        names: of the k filtrations.
        n: number of thresholds.
        intensity: what messages call the values of the images themselves.

    Raises:
        DataError: the finite values of a filtration are one constant, or none.
    """
    return {
        name: fixed_grid(
            np.array(pair) if pair[0] <= pair[1] else np.empty(0),
            n,
            name=intensity if name == "intensity" else f"values of filtration {name!r}",
        )
        for name, pair in zip(names, ends.tolist(), strict=True)
    }


def described(
    grey: np.ndarray, masks: np.ndarray | None, grids: Grids, config: TopologyConfig
) -> np.ndarray:
    """Return φ, float32 (n, n_features), of grey images on masks, bool, both (n, *spatial).

    Without masks, of the whole images.
    """
    masks = np.ones(grey.shape, bool) if masks is None else masks
    return describe_bank(filter_images(grey, grids, config), masks, config).matrix()


def names_of(grids: Grids, config: TopologyConfig, spatial_dims: int) -> tuple[str, ...]:
    """Return the names of the columns of φ on these grids."""
    lengths = {
        name: config.n_thresholds if grid is None else len(grid) for name, grid in grids.items()
    }
    return bank_feature_names(lengths, spatial_dims, has_volumes=config.volumes)
