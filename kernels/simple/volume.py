"""One volume made ready: its levels on the padded grid, and what each voxel does as it enters."""

from __future__ import annotations

import numpy as np

from ..compiling import making
from ..padded.layout import Box, Layout, padded_layout
from ..padded.levels import place_volume
from ..padded.workspace import Workspace
from .classification import classify


@making
def load_volume(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> tuple[Box, Layout]:
    """Fill `work`; return the mask's box, of depth 0 where nothing ever enters, and its layout.

    Args:
        work: written.
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
        volumetric: neighbours also lie above and below.
        top: T-construction, else V.
    """
    box = place_volume(values, mask, grid, volumetric, work.levels)
    layout = padded_layout(box, volumetric)
    if box.depth > 0:
        classify(work, layout, top)
    return box, layout
