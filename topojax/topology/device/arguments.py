"""What callers pass, checked as far as it is known, and made what the programs take.

Inside `jit` values are not known: then shapes and dtypes alone are checked, and an image with a NaN
gives -1 everywhere, which no Betti number is.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Num

from topojax.kernels.arguments import check_grid

_EXACT_IN_FLOAT32 = ("bool", "int8", "uint8", "int16", "uint16", "float16", "bfloat16", "float32")


def check_image(x: Any, name: str = "x") -> Num[Array, "..."]:
    """Return an image as float32, or float64 where jax holds it, (H, W) or (D, H, W).

    Raises:
        TypeError: a dtype whose values the device would round, or no numbers.
        ValueError: another number of axes, or NaN where values are known.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; pass {name}.data and mask=~{name}.mask")
    # Lists have no dtype; what jax makes of their numbers is what is meant.
    dtype = np.dtype(x.dtype if hasattr(x, "dtype") else np.float32)
    wide = dtype == np.float64 and jax.config.read("jax_enable_x64")
    if dtype.name not in _EXACT_IN_FLOAT32 and not wide:
        raise TypeError(
            f"{name} is {dtype.name}, whose values float32 would round; pass "
            f"{name}.astype(numpy.float32) if that is meant, or set JAX_ENABLE_X64 for float64"
        )
    image = jnp.asarray(x, jnp.float64 if wide else jnp.float32)
    if image.ndim not in (2, 3):
        raise ValueError(
            f"{name} has shape {image.shape}; expected (H, W) or (D, H, W); give jax.vmap batches, "
            f"and a signal as one row, {name}[None]"
        )
    if not isinstance(image, jax.core.Tracer) and bool(jnp.isnan(image).any()):
        raise ValueError(f"{name} holds NaN; replace or mask these voxels")
    return image


def check_mask(mask: Any, shape: tuple[int, ...]) -> Bool[Array, "..."]:
    """Return a mask of the image's shape; None: all voxels.

    Raises:
        TypeError: a mask that is not bool.
        ValueError: a mask of another shape.
    """
    if mask is None:
        return jnp.ones(shape, bool)
    found = mask if hasattr(mask, "dtype") else np.asarray(mask)
    if found.dtype != bool:
        raise TypeError(f"mask is {found.dtype}; expected bool, such as mask > 0")
    if found.shape != shape:
        raise ValueError(f"mask has shape {found.shape}; expected the image's, {shape}")
    return jnp.asarray(found)


def check_levels(thresholds: Any, dtype: Any) -> Num[Array, " N"]:
    """Return thresholds as the greatest numbers of a dtype that are not above them.

    A value of that dtype is not above one if and only if it is not above the other: curves are
    those of the thresholds as they were given.

    Raises:
        TypeError, ValueError: as `topojax.kernels.betti_curves`, as far as values are known.
    """
    if isinstance(thresholds, jax.core.Tracer):
        found = jnp.asarray(thresholds).astype(dtype)
        if found.ndim != 1:
            raise ValueError(f"thresholds have shape {found.shape}; expected (N,)")
        return found
    exact = check_grid(np.asarray(thresholds))
    rounded = exact.astype(dtype)
    return jnp.asarray(
        np.where(rounded > exact, np.nextafter(rounded, np.array(-np.inf, dtype)), rounded)
    )


def has_nan(x: Num[Array, "B *shape"], mask: Bool[Array, "B *shape"]) -> Bool[Array, " B"]:
    """Return which images have a NaN inside their masks."""
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.zeros(len(x), bool)
    # The maximum of what has a NaN is one, and takes a third of the time of any(): XLA 0.10 on CPU.
    return jnp.isnan(jnp.where(mask, x, -jnp.inf).max(axis=tuple(range(1, x.ndim))))
