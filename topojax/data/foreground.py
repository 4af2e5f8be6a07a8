"""Numbers of classes as masks, and masks of another size."""

from __future__ import annotations

import numpy as np

from topojax.data.resize import resize_images
from topojax.errors import DataError


def foreground(classes: np.ndarray, shape: tuple[int, ...], *, name: str) -> np.ndarray:
    """Return where there is any class, bool (n, *spatial).

    Args:
        classes: (n, *spatial) or (n, *spatial, 1), bool or numbers: 0 outside of what was drawn,
            above 0 inside, whichever class it is of.
        shape: (n, *spatial), of the images that they go with.
        name: of the array, for the message.

    Raises:
        DataError: another shape, no numbers, or NaN, infinite or negative ones.
    """
    array = classes[..., 0] if classes.shape == (*shape, 1) else classes
    if array.shape != shape:
        raise DataError(
            f"{name} has shape {classes.shape}; expected {shape}, one voxel a voxel of the images"
        )
    if array.dtype.kind not in "buif":
        raise DataError(f"{name} has dtype {array.dtype}; expected bool or numbers of classes")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        raise DataError(
            f"{name} holds {array[wrong][0]} (sample {np.argwhere(wrong)[0][0]}); expected 0 "
            "outside and numbers above 0 inside of what is to be found"
        )
    return array > 0


def resize_masks(masks: np.ndarray, size: int, spatial_dims: int) -> np.ndarray:
    """Return masks bool (n, *spatial) at `size` voxels along every axis, as their images.

    A voxel is foreground where half or more of what `resize_images` sees of it is.

    Raises:
        ConfigError: as `resize_images`.
    """
    return resize_images(masks.astype(np.float32), size, spatial_dims) >= 0.5
