"""The grey image whose sublevel sets are filtered."""

from __future__ import annotations

import numpy as np

# Luma of ITU-R BT.601, the convention of PIL and OpenCV.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def filtration_image(images: np.ndarray, spatial_dims: int) -> np.ndarray:
    """Return grey images, float32 (n, *spatial); RGB (n, *spatial, 3) becomes its luma."""
    if images.ndim == spatial_dims + 2:
        return images.astype(np.float32) @ _LUMA
    return images.astype(np.float32, copy=False)
