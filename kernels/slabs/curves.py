"""Betti curves of a volume from its slabs, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..arguments import Construction, check_construction, check_grid, check_images
from .cells import count_cells
from .forest import NO_EDGES, Sides, join_slab, steps
from .levels import slab_levels

_MOST_THRESHOLDS = 2**16 - 1
_MOST_VOXELS = 2**31 - 2


def betti_curves_slabs(
    slabs: Iterable[Any], thresholds: Any, *, construction: Construction = "T"
) -> np.ndarray:
    """Compute the Betti numbers of a volume's sublevel sets from its slabs along the first axis.

    beta_0 counts components on the way up, beta_2 those of the complement on the way down, with the
    outside, by Alexander duality; beta_1 is what the Euler number leaves. All are integers, and
    those of `betti_curves` of the whole. Beside two slabs there are in memory a few numbers a voxel
    of these, and less than one edge a voxel of a plane.

    Args:
        slabs: (k, H, W) each, k at least 1, of one H and W; of real numbers. A voxel of +inf is
            absent, and so is a masked one of a masked array.
        thresholds: (N,), finite, strictly increasing, N below 2^16.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.

    Returns:
        int64 (3, N): beta_k of {volume <= thresholds[i]} at [k, i]; 0 without a slab.

    Raises:
        TypeError: a dtype that holds no real numbers.
        ValueError: NaN, slabs of other planes or of too many voxels, thresholds that do not
            increase, another construction.

    Example:
        >>> from topojax.kernels import betti_curves, betti_curves_slabs
        >>> shell = np.ones((3, 3, 3))
        >>> shell[1, 1, 1] = 9
        >>> betti_curves_slabs([shell[:1], shell[1:]], [0, 1, 9]).tolist()
        [[0, 1, 1], [0, 0, 0], [0, 1, 0]]
        >>> betti_curves(shell, [0, 1, 9]).tolist()
        [[0, 1, 1], [0, 0, 0], [0, 1, 0]]
    """
    grid, top = check_grid(thresholds), check_construction(construction)
    n = grid.size
    if n > _MOST_THRESHOLDS:
        raise ValueError(f"thresholds has {n} values; expected at most {_MOST_THRESHOLDS}")
    voxels = np.zeros(n + 1, np.int64)
    up, down, cells = (np.zeros(n, np.int64) for _ in range(3))
    up_kept = down_kept = NO_EDGES
    for levels, sides in _with_plane_before(_levels(slabs, grid)):
        own = levels[1:] if sides.has_before else levels
        voxels += np.bincount(own.reshape(-1), minlength=n + 1)
        padded = np.pad(levels, 1, constant_values=n)
        up_kept = join_slab(padded, up_kept, sides, steps(top, padded.shape), False, up)
        count_cells(padded, sides, top, cells)
        # What is not there at t is of a level above t: in reverse, of one up to N - 1 - t.
        padded = np.pad((n - levels).astype(np.uint16), 1, constant_values=n)
        down_kept = join_slab(padded, down_kept, sides, steps(not top, padded.shape), True, down)
    up += np.bincount(up_kept.weights, minlength=n)
    down += np.bincount(down_kept.weights, minlength=n)
    there = np.cumsum(voxels[:n])
    components = there - np.cumsum(up)
    # The outside is one component that is no cavity, and one vertex that is no voxel.
    cavities = voxels.sum() - there - np.cumsum(down)[::-1]
    return np.stack([components, components + cavities - np.cumsum(cells), cavities])


def _levels(slabs: Iterable[Any], grid: np.ndarray) -> Iterator[np.ndarray]:
    """Yield levels of each slab, checked."""
    plane: tuple[int, ...] | None = None
    for number, slab in enumerate(slabs):
        name = f"slab {number}"
        if np.ndim(slab) != 3 or 0 in np.shape(slab):
            raise ValueError(f"{name} has shape {np.shape(slab)}; expected (k, H, W), none of 0")
        plane = plane or np.shape(slab)[1:]
        if np.shape(slab)[1:] != plane:
            raise ValueError(
                f"{name} has planes of {np.shape(slab)[1:]}, those before of {plane}; expected one "
                "shape"
            )
        if np.size(slab) + plane[0] * plane[1] > _MOST_VOXELS:
            raise ValueError(
                f"{name} has {np.size(slab)} voxels; expected at most 2^31 with a plane: cut "
                "thinner ones"
            )
        yield slab_levels(check_images(slab, name, batch=False)[0], grid)


def _with_plane_before(slabs: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, Sides]]:
    """Yield each slab below the last plane of the one before, and what it is next to."""
    waiting: np.ndarray | None = None
    has_before = False
    for slab in slabs:
        if waiting is not None:
            yield waiting, Sides(has_before, False)
            slab, has_before = np.concatenate([waiting[-1:], slab]), True
        waiting = slab
    if waiting is not None:
        yield waiting, Sides(has_before, True)
