"""Linear resizing of images to one size."""

from __future__ import annotations

import math

import numpy as np

from topojax.data.memory import in_units, memory_limit
from topojax.errors import ConfigError

# Bounds the memory of one call: 64 volumes of 224^3 voxels take 2.9 GB, of 64^3 67 MB.
_BATCH = 64


def resize_images(images: np.ndarray, size: int, spatial_dims: int) -> np.ndarray:
    """Return images resized to `size` voxels along every spatial axis, float32.

    Linear interpolation with half-pixel centres, by `jax.image.resize`, whose antialiasing widens
    the kernel where an axis shrinks.

    Args:
        images: (n, *spatial) or (n, *spatial, C).
        size: at least 1.
        spatial_dims: 2 or 3.

    Raises:
        ConfigError: a size below 1, or one whose images do not fit into memory.
    """
    if size < 1:
        raise ConfigError(f"size={size} must be 1 or more")
    axes = tuple(range(1, 1 + spatial_dims))
    if all(images.shape[axis] == size for axis in axes):
        return images.astype(np.float32, copy=False)
    _refuse_too_large(images, size, spatial_dims)
    import jax

    shape = (*(size,) * spatial_dims, *images.shape[1 + spatial_dims :])
    parts = [
        np.asarray(jax.image.resize(np.float32(batch), (len(batch), *shape), "linear"))
        for batch in (images[i : i + _BATCH] for i in range(0, len(images), _BATCH))
    ]
    return np.concatenate(parts)


def _refuse_too_large(images: np.ndarray, size: int, spatial_dims: int) -> None:
    # XLA ends the process where it is asked for more than there is.
    voxels = size**spatial_dims * math.prod(images.shape[1 + spatial_dims :])
    needed, limit = 4 * len(images) * voxels, memory_limit()
    if needed > limit:
        raise ConfigError(
            f"size={size}: {len(images)} images take {in_units(needed)}, more than the memory's "
            f"{in_units(limit)}; give a smaller size"
        )
