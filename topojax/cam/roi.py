"""From the layers' maps to the region of interest (paper, section 3: A_{w,τ})."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import topojax.kernels as kernels
from topojax.errors import ConfigError, DataError


def fuse_maps(maps: np.ndarray, weights: np.ndarray, *, rescale: bool = True) -> np.ndarray:
    """Return M = Σ_l w_l M^l, float32 (n, *spatial); a flat sum becomes all zeros.

    Args:
        maps: (n, L, *spatial), one map a layer: float32 in [0, 1], or uint8 in units of 1/255.
        weights: (L,), not negative, not all zero.
        rescale: scale every sum to [0, 1].

    Raises:
        ConfigError: weights out of range.
        DataError: not one weight a layer, or maps of another shape, dtype or range.
    """
    stack = np.asarray(maps)
    return _from_maps(kernels.fuse_maps, stack, check_weights(weights, stack), rescale=rescale)


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
    stack = np.asarray(maps)
    given = check_weights(weights, stack)
    check_taus(tau)
    return _from_maps(kernels.regions_of_interest, stack, given, tau, rescale=rescale)


def check_weights(weights: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return fusion weights (…, L) as float32.

    Raises:
        ConfigError: not finite, negative, or all zero in a row.
        DataError: not one weight a layer of the maps (n, L, *spatial).
    """
    given = np.asarray(weights, np.float32)
    if given.shape[-1:] != maps.shape[1:2]:
        raise DataError(
            f"weights have shape {given.shape}, maps have shape {maps.shape}; give one weight a "
            "layer, the maps' second axis"
        )
    rows = given.reshape(-1, given.shape[-1])
    bad = ~(np.isfinite(rows) & (rows >= 0)).all(axis=1) | ~rows.any(axis=1)
    if bad.any():
        raise ConfigError(
            f"weights={rows[bad][0].tolist()} must be finite, not negative and not all zero"
        )
    return given


def check_taus(taus: float | np.ndarray) -> None:
    """Raise ConfigError unless all thresholds on the fused map lie in (0, 1]."""
    given = np.atleast_1d(taus)
    bad = ~((given > 0) & (given <= 1))
    if bad.any():
        raise ConfigError(f"tau={given[bad][0]} must lie in (0, 1]")


def _from_maps(function: Callable[..., Any], maps: np.ndarray, *rule: Any, rescale: bool) -> Any:
    try:
        return function(maps, *rule, rescale=rescale)
    except (TypeError, ValueError) as error:
        # The rule is checked: what is left are the maps.
        raise DataError(str(error)) from None
