"""Betti curves of single images on the ROIs that other thresholds τ of the fused map would give."""

from __future__ import annotations

import numpy as np

from topojax.cam import regions_of_interest
from topojax.config import TopologyConfig
from topojax.runs import ExampleTopology
from topojax.topology import describe_candidates, sample_grids

# Stops of τ, one of which becomes the run's own.
_STOPS = np.arange(1, 41) / 40
# A grid may have thousands of thresholds, of which a page's slider shows so many.
_MOST_THRESHOLDS = 100
_ONE_LAYER = np.ones(1)


def example_topology(
    values: np.ndarray,
    fused: np.ndarray,
    own: np.ndarray,
    grid: np.ndarray | None,
    config: TopologyConfig,
) -> ExampleTopology:
    """Return the Betti curves of m images on their ROIs at 40 thresholds τ, and the ROIs' sizes.

    Args:
        values: what is filtered, float32 (m, *spatial).
        fused: the fused maps, float32 (m, *spatial) in [0, 1].
        own: τ of the run for each image, float (m,), in (0, 1].
        grid: shared thresholds of the values, float64 (N,); None: even steps on each ROI, also
            where the run has giotto-tda's grids, which differ by dimension.
        config: construction and background.
    """
    taus = np.stack([_stops_with(tau) for tau in own])
    settings = config.model_copy(
        update={"n_thresholds": min(config.n_thresholds, _MOST_THRESHOLDS), "grid": "sample"}
    )
    curves, voxels, thresholds = [], [], []
    for row, stops in enumerate(taus):
        chosen = slice(row, row + 1)
        own_grids = _grids(values[chosen], fused[chosen], stops, grid, settings)
        found, _ = describe_candidates(
            values[chosen],
            _one_map(fused[chosen]),
            np.ones((len(stops), 1)),
            stops,
            None if grid is None else own_grids[0],
            settings,
            rescale=False,
        )
        curves.append(found.curves[:, 0].astype(np.int32))
        voxels.append(found.voxels[:, 0])
        thresholds.append(own_grids)
    return ExampleTopology(
        values,
        own.astype(np.float64),
        taus,
        np.stack(voxels),
        np.stack(thresholds),
        np.stack(curves),
    )


def own_region(fused: np.ndarray, tau: float) -> np.ndarray:
    """Return where a fused map (*spatial) reaches τ, bool; its maximum where it nowhere does."""
    return regions_of_interest(_one_map(fused[np.newaxis]), _ONE_LAYER, tau, rescale=False)[0][0]


def _one_map(fused: np.ndarray) -> np.ndarray:
    # Weights sum to one but for rounding, which may carry a map beyond 1.
    return np.minimum(fused[:, np.newaxis], np.float32(1))


def _stops_with(tau: float) -> np.ndarray:
    stops = _STOPS.copy()
    stops[np.abs(stops - tau).argmin()] = tau
    return stops


def _grids(
    values: np.ndarray,
    fused: np.ndarray,
    taus: np.ndarray,
    grid: np.ndarray | None,
    config: TopologyConfig,
) -> np.ndarray:
    """Return the thresholds of one image at each τ, float64 (T, N)."""
    if grid is not None:
        places = np.linspace(0, len(grid) - 1, min(len(grid), _MOST_THRESHOLDS)).round().astype(int)
        return np.tile(grid[places], (len(taus), 1))
    masks = np.stack([own_region(fused[0], tau) for tau in taus])
    return sample_grids(np.broadcast_to(values, masks.shape), masks, config.n_thresholds)
