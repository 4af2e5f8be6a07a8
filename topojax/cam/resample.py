"""Maps on the image's grid and in [0, 1] (METHOD.md, "Class activation maps")."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

from topojax.errors import DataError
from topojax.kernels.roi.flatness import is_flat


def upsample_maps(
    maps: Float[Array, " b *map"], shape: tuple[int, ...]
) -> Float[Array, " b *shape"]:
    """Resample maps linearly onto a finer grid, cells meeting at half-pixel centres.

    Args:
        maps: coarse maps.
        shape: of the image, no axis shorter than the map's.

    Raises:
        DataError: another number of axes, or an axis that would shrink.
    """
    _refuse_shrinking(maps.shape[1:], shape)
    return jax.image.resize(maps, (len(maps), *shape), "linear", antialias=False)


def upsample_to_corners(
    maps: Float[Array, " b *map"], shape: tuple[int, ...]
) -> Float[Array, " b *shape"]:
    """Resample maps linearly onto a finer grid whose corner voxels are the map's corner cells.

    torch's `align_corners=True`, which grad-cam's Score-CAM makes its masks by.

    Args:
        maps: coarse maps.
        shape: of the image, no axis shorter than the map's.

    Raises:
        DataError: another number of axes, or an axis that would shrink.
    """
    coarse = maps.shape[1:]
    _refuse_shrinking(coarse, shape)
    # One cell fills its axis.
    scales = [(n - 1) / (m - 1) if m > 1 else n for m, n in zip(coarse, shape, strict=True)]
    shifts = [(1 - s) / 2 if m > 1 else 0 for m, s in zip(coarse, scales, strict=True)]
    return jax.image.scale_and_translate(
        maps,
        (len(maps), *shape),
        range(1, maps.ndim),
        jnp.asarray(scales, jnp.float32),
        jnp.asarray(shifts, jnp.float32),
        "linear",
        antialias=False,
    )


def scale_maps(maps: Float[Array, " b *shape"]) -> Float[Array, " b *shape"]:
    """Map each map's range onto [0, 1]; a flat map becomes all zeros."""
    axes = tuple(range(1, maps.ndim))
    low, high = maps.min(axes, keepdims=True), maps.max(axes, keepdims=True)
    flat = is_flat(low, high)
    scaled = (maps - low) / jnp.where(flat, 1.0, high - low)
    # XLA may divide by a reciprocal, which leaves the maximum just below 1 and out of M >= 1.
    return jnp.where(flat, 0.0, jnp.where(maps == high, 1.0, scaled))


def quantise_maps(maps: Float[Array, " *shape"]) -> UInt8[Array, " *shape"]:
    """Round maps in [0, 1] to whole units of 1/255: 0 and 1 stay what they are."""
    return jnp.round(255 * maps).astype(jnp.uint8)


def _refuse_shrinking(coarse: tuple[int, ...], shape: tuple[int, ...]) -> None:
    if len(coarse) != len(shape) or any(n < m for m, n in zip(coarse, shape, strict=True)):
        raise DataError(
            f"maps of shape {coarse} cannot be enlarged to shape={tuple(shape)}; "
            "give the shape of the images that they were taken of"
        )
