"""The grey image whose sublevel sets are filtered."""

from __future__ import annotations

from typing import Literal

import numpy as np

from topojax.masked import refuse_masked

# Luma of ITU-R BT.601, the convention of PIL and OpenCV.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def filtration_image(
    images: np.ndarray,
    spatial_dims: int,
    filtration: Literal["sublevel", "superlevel"] = "sublevel",
) -> np.ndarray:
    """Return grey images, float32 (n, *spatial); RGB (n, *spatial, 3) becomes its luma.

    The superlevel sets of X are the sublevel sets of -X. It is negated here and nowhere else:
    grids and curves are of the image that this returns.

    Example:
        >>> filtration_image(np.array([[[1, 3]]]), 2, "superlevel").tolist()
        [[[-1.0, -3.0]]]
    """
    refuse_masked(images, "images")
    grey = images.astype(np.float32, copy=False)
    if images.ndim == spatial_dims + 2:
        grey = grey @ _LUMA
    return -grey if filtration == "superlevel" else grey
