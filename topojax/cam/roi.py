"""From the layers' maps to the region of interest (paper, section 3: A_{w,τ})."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from topojax.cam.resample import scale_maps
from topojax.errors import ConfigError, DataError


def fuse_maps(
    maps: Float[Array, "b l *shape"], weights: Float[Array, " l"]
) -> Float[Array, " b *shape"]:
    """Return M = Σ_l w_l M^l scaled to [0, 1]; a flat sum becomes all zeros.

    Args:
        maps: one map a layer, each already in [0, 1].
        weights: not negative.
    """
    # Summed layer by layer: a contraction would transpose the whole stack first.
    total = weights[0] * maps[:, 0]
    for layer in range(1, maps.shape[1]):
        total = total + weights[layer] * maps[:, layer]
    return scale_maps(total)


def roi_masks(
    fused: Float[Array, " b *shape"], tau: float | Float[Array, ""]
) -> tuple[Bool[Array, " b *shape"], Bool[Array, " b"]]:
    """Return the ROIs M >= τ, and which of them would have been empty.

    An empty one becomes the voxels of the map's maximum, so that no sample is lost.
    """
    axes = tuple(range(1, fused.ndim))
    above = fused >= tau
    was_empty = ~above.any(axes)
    highest = fused == fused.max(axes, keepdims=True)
    return jnp.where(was_empty.reshape(-1, *(1,) * len(axes)), highest, above), was_empty


def regions_of_interest(
    maps: Float[Array, "b l *shape"], weights: Float[Array, " l"], tau: float
) -> tuple[Bool[Array, " b *shape"], Bool[Array, " b"]]:
    """Fuse scaled maps and threshold them: `fuse_maps`, then `roi_masks`, compiled.

    Args:
        maps: one map a layer, each already in [0, 1].
        weights: concrete, not negative, not all zero.
        tau: in (0, 1].

    Raises:
        ConfigError: weights or tau out of range.
        DataError: not one weight a layer.
    """
    given = np.asarray(weights, np.float32)
    if given.shape != maps.shape[1:2]:
        raise DataError(
            f"weights have shape {given.shape}, maps hold {maps.shape[1]} layers; "
            "give one weight a layer"
        )
    if not (np.all(np.isfinite(given)) and np.all(given >= 0) and given.sum() > 0):
        raise ConfigError(f"weights={given.tolist()} must be finite, not negative and not all zero")
    if not 0 < tau <= 1:
        raise ConfigError(f"tau={tau} must lie in (0, 1]")
    return _regions_of_interest(maps, given, np.float32(tau))


@jax.jit
def _regions_of_interest(
    maps: Float[Array, "b l *shape"], weights: Float[Array, " l"], tau: Float[Array, ""]
) -> tuple[Bool[Array, " b *shape"], Bool[Array, " b"]]:
    return roi_masks(fuse_maps(maps, weights), tau)
