"""Arrays of images: what is taken as images, in which form, and what is refused."""

from __future__ import annotations

import numpy as np

from topojax.data.scale import IntensityScale
from topojax.errors import DataError


def validate_images(
    images: np.ndarray,
    *,
    name: str,
    spatial_dims: int | None = None,
    scale: IntensityScale | None = None,
) -> tuple[np.ndarray, int]:
    """Return images as float32 and the number of their spatial axes.

    Without `spatial_dims`, a 4-D array whose last axis is 3 holds RGB images (n, H, W, 3), any
    other 4-D array volumes (n, D, H, W). A last axis of one channel is dropped. uint8 is divided
    by 255; other numbers stay as they are.

    Args:
        images: any real dtype.
        name: of the argument, for the message.
        spatial_dims: 2 or 3, where the shape alone should not decide.
        scale: of the images that these go with; None: these set it (`IntensityScale.of`).

    Raises:
        DataError: not numeric, no image, another number of axes or channels, NaN or infinite, or of
            another scale.
    """
    array = np.asarray(images)
    if array.dtype.kind not in "buif":
        raise DataError(f"{name} has dtype {array.dtype}; expected real numbers")
    dims = _spatial_dims(array, name) if spatial_dims is None else spatial_dims
    if dims not in (2, 3):
        raise DataError(f"spatial_dims={dims} of {name} must be 2 or 3")
    if array.ndim == dims + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    rgb = array.ndim == dims + 2 and array.shape[-1] == 3
    if not (rgb or array.ndim == dims + 1):
        raise DataError(
            f"{name} has shape {array.shape}; expected (n, *spatial) or (n, *spatial, 3) with "
            f"{dims} spatial axes"
        )
    if array.size == 0:
        raise DataError(f"{name} has shape {array.shape}; expected at least one image")
    _refuse_non_finite(array, name)
    scaled = (scale or IntensityScale.of(array)).scaled(array, name)
    # float64 beyond float32's range would turn infinite without a word.
    with np.errstate(over="ignore"):
        single = scaled.astype(np.float32, copy=scaled is array)
    _refuse_non_finite(single, name)
    return single, dims


def _spatial_dims(array: np.ndarray, name: str) -> int:
    if array.ndim == 3 or (array.ndim == 4 and array.shape[-1] == 3):
        return 2
    if array.ndim in (4, 5):
        return 3
    raise DataError(
        f"{name} has shape {array.shape}; expected (n, H, W), (n, H, W, 3), (n, D, H, W) or "
        "(n, D, H, W, 3)"
    )


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
