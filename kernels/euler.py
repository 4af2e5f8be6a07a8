"""The Euler characteristic: cells that each voxel brings as it enters.

T-construction: a voxel brings its cube and those of its 6 faces, 12 edges and 8 corners that no
earlier voxel has. V-construction: a vertex brings itself and every edge, square and cube of which
it is the last vertex. With E the set of later neighbours (T) or of earlier ones (V), both count
the pairs, 2 x 2 squares and 2 x 2 x 2 cubes of E and the voxel that hold the voxel, and the signs
are opposite. A 2-D image is a slice one voxel thick, which has the same homotopy type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arguments import Construction, check_grid, check_sample, frozen_grid
from .compiling import entry, inner, source_digest
from .padded.workspace import Workspace, borrowed_workspace
from .simple.critical import Critical
from .simple.neighbourhood import ALL, FACES, count_bits
from .simple.volume import load_volume

_CENTRE = 1 << 13
# So many critical voxels at a time that what they bring stays in the cache.
_BLOCK = 2048


def _bits(*positions: int) -> int:
    return sum(1 << position for position in positions)


# Lowest bit of the squares in each plane, and of the cubes, that hold the centre.
_SQUARES_XY = _bits(9, 10, 12, 13)
_SQUARES_XZ = _bits(3, 4, 12, 13)
_SQUARES_YZ = _bits(1, 4, 10, 13)
_CUBES = _bits(0, 1, 3, 4, 9, 10, 12, 13)


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
def blocks_with_centre(word: int) -> int:
    """1 - pairs + squares - cubes of `word` and the centre that hold the centre."""
    word |= _CENTRE
    along_x = word & (word >> 1)
    along_y = word & (word >> 3)
    xy = along_x & (along_x >> 3)
    xz = along_x & (along_x >> 9)
    yz = along_y & (along_y >> 9)
    pairs = count_bits(word & FACES)
    # Shifted so that the three planes share one word.
    planes = (xy & _SQUARES_XY) | ((xz & _SQUARES_XZ) << 14) | ((yz & _SQUARES_YZ) << 1)
    cubes = count_bits(xy & (xy >> 9) & _CUBES)
    return 1 - pairs + count_bits(planes) - cubes


@inner
def euler_changes(words: np.ndarray, top: bool) -> np.ndarray:
    """Return the change that each critical voxel brings, int32, of its earlier word."""
    flip, sign = (np.int32(ALL), -1) if top else (np.int32(0), 1)
    brought = np.empty(words.size, np.int32)
    for k in range(words.size):
        brought[k] = sign * blocks_with_centre(words[k] ^ flip)
    return brought


@inner
def count_euler(levels: np.ndarray, critical: Critical, top: bool, curve: np.ndarray) -> None:
    """Write the Euler characteristic of every level, int64 (N,); simple voxels do not change it."""
    change = np.zeros(curve.size + 1, np.int64)
    for start in range(0, critical.words.size, _BLOCK):
        brought = euler_changes(critical.words[start : start + _BLOCK], top)
        for k in range(brought.size):
            change[levels[critical.voxels[start + k]]] += brought[k]
    total = 0
    for level in range(curve.size):
        total += change[level]
        curve[level] = total


def _entry_point(digest: int) -> Callable[..., None]:
    @entry
    def write_euler_curve(
        image: np.ndarray,
        mask: np.ndarray,
        grid: np.ndarray,
        volumetric: bool,
        top: bool,
        work: Workspace,
        curve: np.ndarray,
    ) -> None:
        """Write the Euler curve of one image (D, H, W) into zeros, int64 (N,)."""
        digest  # noqa: B018
        volume = load_volume(work, image, mask, grid, volumetric, top)
        if volume.box.depth > 0:
            count_euler(work.levels, volume.critical, top, curve)

    return write_euler_curve


_write_euler_curve = _entry_point(source_digest())
