"""One volume made ready: its levels on the padded grid and its critical voxels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inlined
from ..padded.layout import Box, Layout, padded_layout
from ..padded.levels import place_volume, plane_count
from ..padded.workspace import Workspace
from .critical import Critical, classify


class Volume(NamedTuple):
    """A volume whose Betti numbers can be counted; `box.depth` is 0 where nothing ever enters."""

    box: Box
    layout: Layout
    critical: Critical


@inlined
def load_volume(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> Volume:
    """Fill `work.levels` and list the critical voxels.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
    """
    box = place_volume(values, mask, grid, volumetric, work.levels)
    return list_volume(work, box, grid.size, volumetric, top)


@inlined
def list_volume(work: Workspace, box: Box, n_levels: int, volumetric: bool, top: bool) -> Volume:
    """List the critical voxels of a box, by `work.levels`."""
    layout = padded_layout(box, volumetric)
    if box.depth == 0:
        nothing = Critical(np.empty(0, work.voxels.dtype), np.empty(0, np.int32))
        return Volume(box, layout, nothing)
    return Volume(box, layout, classify(work, plane_count(n_levels), layout, top))
