"""From the layers' maps to the region of interest (paper, section 3: A_{w,τ})."""

from __future__ import annotations

import numpy as np

import topojax.kernels as kernels
from topojax.errors import ConfigError, DataError, raised_as
from topojax.kernels.arguments import check_maps, check_rule


def fuse_maps(maps: np.ndarray, weights: np.ndarray, *, rescale: bool = True) -> np.ndarray:
    """Return M = Σ_l w_l M^l, float32 (n, *spatial); a flat sum becomes all zeros.

    Args:
        maps: (n, L, *spatial), one map a layer: float32 in [0, 1], or uint8 in units of 1/255.
        weights: (L,), not negative, not all zero.
        rescale: scale every sum to [0, 1].

    Raises:
        ConfigError: weights out of range, or not one a layer.
        DataError: maps of another shape, dtype or range.
    """
    _check(maps, weights, 1.0)
    return kernels.fuse_maps(maps, weights, rescale=rescale)


def regions_of_interest(
    maps: np.ndarray, weights: np.ndarray, tau: float, *, rescale: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ROIs M >= τ, bool (n, *spatial), and which would have been empty, bool (n,).

    An empty one becomes the voxels of the map's maximum, so that no sample is lost.

    Args:
        maps, weights, rescale: as `fuse_maps`.
        tau: in (0, 1].

    Raises:
        ConfigError: weights or tau out of range.
        DataError: as `fuse_maps`.
    """
    _check(maps, weights, tau)
    return kernels.regions_of_interest(maps, weights, tau, rescale=rescale)


def _check(maps: np.ndarray, weights: np.ndarray, tau: float) -> None:
    with raised_as(DataError):
        n_layers = check_maps(maps).shape[1]
    with raised_as(ConfigError):
        check_rule(weights, tau, n_layers)
