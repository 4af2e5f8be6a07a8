"""The grey image that filtrations are functions of."""

from __future__ import annotations

import numpy as np

from topojax.data.luma import LUMA
from topojax.masked import refuse_masked
from topojax.row_files.row_blocks import row_blocks
from topojax.row_files.row_budget import IN_MEMORY, RowBudget


def grey_images(
    images: np.ndarray, spatial_dims: int, *, budget: RowBudget = IN_MEMORY
) -> np.ndarray:
    """Return grey images, float32 (n, *spatial); RGB (n, *spatial, 3) becomes its luma.

    Args:
        images: in memory or mapped; grey ones of float32 are returned as they are.
        spatial_dims: 2 or 3.
        budget: of the luma.

    Example:
        >>> grey_images(np.array([[[[0, 0, 0], [8, 8, 8]]]]), 2).tolist()
        [[[0.0, 8.0]]]
    """
    refuse_masked(images, "images")
    if images.ndim != spatial_dims + 2:
        return images.astype(np.float32, copy=False)
    blocks = (
        images[rows].astype(np.float32, copy=False) @ LUMA for rows in row_blocks(images.shape)
    )
    return budget.array(blocks, images.shape[:-1], np.float32)
