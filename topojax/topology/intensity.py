"""The grey image that filtrations are functions of."""

from __future__ import annotations

import numpy as np

from topojax.masked import refuse_masked

# Luma of ITU-R BT.601, the convention of PIL and OpenCV.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def grey_images(images: np.ndarray, spatial_dims: int) -> np.ndarray:
    """Return grey images, float32 (n, *spatial); RGB (n, *spatial, 3) becomes its luma.

    Example:
        >>> grey_images(np.array([[[[0, 0, 0], [8, 8, 8]]]]), 2).tolist()
        [[[0.0, 8.0]]]
    """
    refuse_masked(images, "images")
    grey = images.astype(np.float32, copy=False)
    if images.ndim == spatial_dims + 2:
        grey = grey @ _LUMA
    return grey
