"""Images as a bank of filtrations sees them, each filter computed once, and the bank's grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from topojax.config import TopologyConfig
from topojax.kernels.threads import check_threads, map_in_threads
from topojax.row_files.row_blocks import row_blocks
from topojax.row_files.row_budget import IN_MEMORY, RowBudget
from topojax.topology.filtrations import filtered_bank
from topojax.topology.grids import learn_grid

Grids: TypeAlias = Mapping[str, np.ndarray | None]
"""By filtration, thresholds that all samples share, float64 (N,), or None: made for each one."""

# Thresholds of a grid whose levels fit into a byte.
_MOST_LEVELS = 255


@dataclass(frozen=True)
class FilteredImages:
    """n images under every filtration of a bank.

    Attributes:
        values: by filtration, (n, *spatial): float32, +inf at voxels that never enter; or uint8,
            where a bank would take four times the memory: `grid_levels`.
        grids: by filtration, the thresholds that float values have.

    Example:
        >>> levels = np.array([[[0, 1, 2]]], np.uint8)
        >>> images = FilteredImages({"log:1": levels}, {"log:1": np.array([-0.5, 0.5])})
        >>> len(images), images.spatial_shape, images.thresholds("log:1").tolist()
        (1, (1, 3), [0.0, 1.0])
    """

    values: dict[str, np.ndarray]
    grids: Grids

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """Of an image, (H, W) or (D, H, W)."""
        return next(iter(self.values.values())).shape[1:]

    def thresholds(self, name: str) -> np.ndarray | None:
        """Return the thresholds of what `values` holds, (N,); None: made for each sample."""
        grid = self.grids[name]
        if grid is None or self.values[name].dtype != np.uint8:
            return grid
        return np.arange(len(grid), dtype=np.float64)

    def rows(self, index: np.ndarray | slice) -> FilteredImages:
        """Return some of the images, by index, mask or, without a copy, slice."""
        return FilteredImages({name: one[index] for name, one in self.values.items()}, self.grids)


def learn_filtered_images(
    images: np.ndarray,
    config: TopologyConfig,
    *,
    progress: bool = False,
    budget: RowBudget = IN_MEMORY,
) -> FilteredImages:
    """Return what a bank makes of images of the training split, with grids learnt on them.

    Args:
        images: grey, float32 (n, *spatial).
        config: its filtrations, background, kind of grid and number of thresholds.
        progress: show a progress bar on a terminal.
        budget: of all that is returned together, and of one filtration's values while it is made.

    Raises:
        ConfigError: an unknown filtration.
        DataError: a filtration's finite values are one constant.
        RunError: what exceeds the budget cannot be written.

    Example:
        >>> images = np.array([[[0, 4, 1]]], np.float32)
        >>> config = TopologyConfig(filtrations=("intensity", "-intensity"), n_thresholds=3)
        >>> found = learn_filtered_images(images, config)
        >>> {name: grid.tolist() for name, grid in found.grids.items()}
        {'intensity': [0.0, 2.0, 4.0], '-intensity': [-4.0, -2.0, -0.0]}
        >>> found.values["-intensity"].tolist()
        [[[2, 0, 2]]]
    """
    values: dict[str, np.ndarray] = {}
    grids: dict[str, np.ndarray | None] = {}
    of_one = _budget_of_values(config, budget)
    for name, found in filtered_bank(images, config.filtrations, progress=progress, budget=of_one):
        said = "images" if name == "intensity" else f"values of filtration {name!r}"
        grids[name] = learn_grid(found, config, name=said)
        values[name] = _kept(found, grids[name], config, budget)
    return FilteredImages(values, grids)


def filter_images(
    images: np.ndarray, grids: Grids, config: TopologyConfig, *, budget: RowBudget = IN_MEMORY
) -> FilteredImages:
    """Return what a bank makes of images, with grids that are known.

    Args:
        images: grey, float32 (n, *spatial).
        grids: of the training split; by filtration.
        config: as the grids were learnt by.
        budget: as of `learn_filtered_images`.

    Example:
        >>> grids = {"intensity": np.array([0.0, 1.0])}
        >>> found = filter_images(np.zeros((1, 1, 2), np.float32), grids, TopologyConfig())
        >>> found.values["intensity"].tolist()
        [[[0.0, 0.0]]]
    """
    found = filtered_bank(images, grids, budget=_budget_of_values(config, budget))
    values = {name: _kept(one, grids[name], config, budget) for name, one in found}
    return FilteredImages(values, grids)


def grid_levels(
    values: np.ndarray, grid: np.ndarray, *, budget: RowBudget = IN_MEMORY
) -> np.ndarray:
    """Return the number of the first threshold that is not below each value, uint8 of its shape.

    N where all of them are. A voxel enters at its level, so that Betti curves of levels at the
    thresholds 0 … N - 1 are those of the values at the grid's.

    Args:
        values: float32 (n, *spatial); +inf where a voxel never enters.
        grid: float64 (N,), increasing, N at most 255.
        budget: of the levels.

    Example:
        >>> grid_levels(np.array([[[0.0, 0.5, np.inf]]], np.float32), np.array([0.0, 1.0])).tolist()
        [[[0, 1, 2]]]
    """
    threads = check_threads(None)

    def levels(index: int) -> np.ndarray:
        return np.searchsorted(grid, values[index].astype(np.float64), "left").astype(np.uint8)

    blocks = (
        np.stack(map_in_threads(levels, range(rows.start, rows.stop), threads))
        for rows in row_blocks(values.shape, least=threads)
    )
    return budget.array(blocks, values.shape, np.uint8)


def _kept(
    values: np.ndarray, grid: np.ndarray | None, config: TopologyConfig, budget: RowBudget
) -> np.ndarray:
    if not _may_be_levels(config) or grid is None or len(grid) > _MOST_LEVELS:
        return values
    return grid_levels(values, grid, budget=budget.shared_by(len(config.filtrations)))


def _may_be_levels(config: TopologyConfig) -> bool:
    # A background of 0 is a value, which levels do not know.
    return len(config.filtrations) > 1 and config.background != "zero"


def _budget_of_values(config: TopologyConfig, budget: RowBudget) -> RowBudget:
    """Return the budget of one filtration's values: all of them are kept, or all as levels."""
    as_levels = _may_be_levels(config) and config.grid in ("fixed", "quantile")
    return budget if as_levels else budget.shared_by(len(config.filtrations))
