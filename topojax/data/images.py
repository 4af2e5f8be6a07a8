"""Arrays of images: what is taken as images, in which form, and what is refused."""

from __future__ import annotations

import numpy as np

from topojax.data.axes import image_axes
from topojax.data.memory import within_memory
from topojax.data.scale import IntensityScale
from topojax.errors import DataError
from topojax.masked import refuse_masked


def validate_images(
    images: np.ndarray,
    *,
    name: str,
    spatial_dims: int | None = None,
    scale: IntensityScale | None = None,
) -> tuple[np.ndarray, int]:
    """Return images as float32 and the number of their spatial axes.

    A last axis of one channel is dropped. uint8 is divided by 255; other numbers stay as they are.

    Args:
        images: any real dtype.
        name: of the argument, for the message.
        spatial_dims: 2 or 3; None: the shape has to tell (`topojax.data.axes`).
        scale: of the images that these go with; None: these set it (`IntensityScale.of`).

    Raises:
        DataError: masked voxels, not numeric, no image, another number of axes or channels, axes
            that may be read in two ways, NaN, infinite or beyond float32, of another scale, or
            more than memory holds.
    """
    refuse_masked(images, name)
    with within_memory(name):
        return _validated(np.asarray(images), name, spatial_dims, scale)


def _validated(
    array: np.ndarray, name: str, spatial_dims: int | None, scale: IntensityScale | None
) -> tuple[np.ndarray, int]:
    if array.dtype.kind not in "buif":
        raise DataError(f"{name} has dtype {array.dtype}; expected real numbers")
    array, dims = image_axes(array, name, spatial_dims)
    if array.size == 0:
        raise DataError(f"{name} has shape {array.shape}; expected at least one image")
    _refuse_non_finite(array, name)
    scaled = (scale or IntensityScale.of(array)).scaled(array, name)
    # float64 beyond float32's range would turn infinite without a word.
    with np.errstate(over="ignore"):
        single = scaled.astype(np.float32, copy=scaled is array)
    if not np.isfinite(single).all():
        largest = np.abs(scaled).max()
        raise DataError(
            f"{name} holds values up to {largest:.6g} in magnitude, beyond float32's "
            f"{np.finfo(np.float32).max:.6g}; rescale it"
        )
    return single, dims


def _refuse_non_finite(array: np.ndarray, name: str) -> None:
    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.flatnonzero(bad.reshape(len(array), -1).any(axis=1))[0])
        raise DataError(
            f"{name} holds {int(np.isnan(array).sum())} NaN and {int(np.isinf(array).sum())} "
            f"infinite values, the first in sample {first}; replace them or leave the sample out"
        )
