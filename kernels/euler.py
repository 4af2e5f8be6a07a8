"""The Euler characteristic: what each voxel changes it by as it enters.

A voxel that meets n 26-components on one side of the order and h 6-components on the other changes
it by h - n in the T-construction, and by n - h in the V-construction; a pixel that meets n and h (8
and 4) by 1 - min(n, h) in both. `ALGORITHM.md` has the proof.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import Construction, check_grid, check_sample, frozen_grid
from .compiling import entry, inner, making
from .machine_words import ONE, count_bits, lowest_position
from .padded.layout import Layout
from .padded.workspace import Workspace, borrowed_workspace
from .simple.volume import load_volume


def euler_curve(
    image: Any, thresholds: Any, *, mask: Any = None, construction: Construction = "T"
) -> np.ndarray:
    """Count the cells of the sublevel set at every threshold, with alternating sign.

    Args:
        image, thresholds, mask, construction: as `betti_curves`.

    Returns:
        int64 (N,): the alternating sum of the Betti numbers, by Euler and Poincaré.

    Raises:
        TypeError, ValueError: as `betti_curves`.

    Example:
        >>> from topojax.kernels import euler_curve
        >>> euler_curve([[1, 1, 1], [1, 9, 1], [1, 1, 1]], [0, 1, 9]).tolist()
        [0, 0, 1]
    """
    grid = check_grid(thresholds)
    images, masks, top = check_sample(image, mask, construction)
    curve = np.zeros(grid.size, np.int64)
    volumetric = np.ndim(image) == 3
    with borrowed_workspace(images.shape[1:], grid.size, volumetric) as work:
        _write_euler_curve(images[0], masks[0], frozen_grid(grid), volumetric, top, work, curve)
    return curve


@inner
def euler_change(full: int, face: int, volumetric: bool, top: bool) -> int:
    """Return what a voxel changes the Euler characteristic by, from its representatives, bytes."""
    n_full, n_face = count_bits(np.uint64(full)), count_bits(np.uint64(face))
    if not volumetric:
        return 1 - min(n_full, n_face)
    return n_face - n_full if top else n_full - n_face


@making
def count_euler(work: Workspace, layout: Layout, top: bool, curve: np.ndarray) -> None:
    """Write the Euler characteristic of every level, int64 (N,); simple voxels do not change it."""
    change = np.zeros(curve.size + 1, np.int64)
    _change_by_level(work, layout, top, change)
    total = 0
    for level in range(curve.size):
        total += change[level]
        curve[level] = total


@inner
def _change_by_level(work: Workspace, layout: Layout, top: bool, change: np.ndarray) -> None:
    levels, critical, full, face = work.levels, work.critical, work.full, work.face
    for word in range(layout.n_words):
        rest = critical[word]
        while rest:
            voxel = lowest_position(word, rest)
            rest &= rest - ONE
            change[levels[voxel]] += euler_change(full[voxel], face[voxel], layout.plane > 0, top)


@entry
def _write_euler_curve(
    image: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
    work: Workspace,
    curve: np.ndarray,
) -> None:
    """Write the Euler curve of one image (D, H, W) into zeros, int64 (N,)."""
    box, layout = load_volume(work, image, mask, grid, volumetric, top)
    if box.depth > 0:
        count_euler(work, layout, top, curve)
