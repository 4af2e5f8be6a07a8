"""Betti curves of a volume from those of its chunks, in any grouping."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import Construction, check_construction, check_grid, frozen_grid
from ..compiling import entry
from ..euler import count_euler, euler_curve
from ..padded.layout import Box, padded_layout
from ..padded.workspace import Workspace, borrowed_workspace
from ..simple.volume import load_volume
from .chunk import Chunk, chunk_forests
from .extent import Extent, joined, shared_first_planes
from .forest import Forest, Settled, glue
from .slabs import checked_slabs

_MOST_THRESHOLDS = 2**16 - 1


class ChunkCurves(NamedTuple):
    """What a part of a volume says of the whole's Betti curves.

    Attributes:
        extent: where the part is.
        up, down: int64 (N + 1,), by key: settled births less settled deaths; of components, and of
            components of the complement, whose key is N less the level.
        euler: int64 (N,), Euler numbers of the part less what is counted before it.
        above, below: what is not settled, on the way up and on the way down.
    """

    extent: Extent
    up: np.ndarray
    down: np.ndarray
    euler: np.ndarray
    above: Forest
    below: Forest


def chunk_curves(
    values: np.ndarray, thresholds: np.ndarray, extent: Extent, top: bool
) -> ChunkCurves:
    """Describe one chunk.

    Args:
        values: float32 or float64 (D, H, W) of `extent`, without NaN.
        thresholds: float64 (N,), increasing, N below 2^16.
        extent: where the chunk is, with what it shares with those before it.
        top: T-construction, else V.
    """
    n = thresholds.size
    euler = np.zeros(n, np.int64)
    with borrowed_workspace(values.shape, n, True) as work:
        _load_chunk(values, frozen_grid(thresholds), top, work, euler)
        box = Box(0, 0, 0, *values.shape)
        layout = padded_layout.py_func(box, True)
        chunk = Chunk(work, box, layout, top, n, np.dtype(np.uint16))
        (up, above), (down, below) = chunk_forests(chunk, extent)
    for sign, image in shared_first_planes(values, extent):
        euler += sign * euler_curve(image, thresholds, construction="T" if top else "V")
    return ChunkCurves(extent, _changes(up, n), _changes(down, n), euler, above, below)


def glue_curves(a: ChunkCurves, b: ChunkCurves) -> ChunkCurves:
    """Put two parts together, of which the last plane of `a` along one axis is the first of `b`.

    Raises:
        ValueError: they do not meet in a whole face, do not agree on it, or differ in thresholds.
    """
    n = a.euler.size
    if b.euler.size != n:
        raise ValueError(f"{n} and {b.euler.size} thresholds; expected parts of the same ones")
    extent = joined(a.extent, b.extent)
    up, above = glue(a.above, b.above, extent, n)
    down, below = glue(a.below, b.below, extent, n)
    return ChunkCurves(
        extent,
        a.up + b.up + _changes(up, n),
        a.down + b.down + _changes(down, n),
        a.euler + b.euler,
        above,
        below,
    )


def whole_curves(part: ChunkCurves) -> np.ndarray:
    """Return the Betti curves of a volume, int64 (3, N), from the part that is all of it."""
    n = part.euler.size
    components = np.cumsum(part.up[:n])
    # The complement at t holds levels above t, whose keys are below N - t.
    cavities = np.cumsum(part.down[:n])[::-1]
    return np.stack([components, components + cavities - part.euler, cavities])


def betti_curves_slabs(
    slabs: Iterable[Any], thresholds: Any, *, construction: Construction = "T"
) -> np.ndarray:
    """Compute the Betti numbers of a volume's sublevel sets from its slabs along the first axis.

    All are integers, and those of `betti_curves` of the whole. Two slabs are in memory at once, and
    of those before what their last plane can still change (`ALGORITHM.md`).

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
    grid, top = check_chunk_grid(thresholds), check_construction(construction)
    so_far: ChunkCurves | None = None
    for values, extent in checked_slabs(slabs):
        part = chunk_curves(values, grid, extent, top)
        so_far = part if so_far is None else glue_curves(so_far, part)
    return np.zeros((3, grid.size), np.int64) if so_far is None else whole_curves(so_far)


def check_chunk_grid(thresholds: Any) -> np.ndarray:
    """Return thresholds as float64 (N,).

    Raises:
        TypeError, ValueError: as `betti_curves_slabs`.
    """
    grid = check_grid(thresholds)
    if grid.size > _MOST_THRESHOLDS:
        raise ValueError(f"thresholds has {grid.size} values; expected at most {_MOST_THRESHOLDS}")
    return grid


def _changes(settled: Settled, n: int) -> np.ndarray:
    begun, ended = (np.bincount(keys, minlength=n + 1) for keys in settled)
    return (begun - ended).astype(np.int64)


@entry
def _load_chunk(
    values: np.ndarray, grid: np.ndarray, top: bool, work: Workspace, euler: np.ndarray
) -> None:
    """Classify the voxels of a chunk as a volume of its own; write its Euler curve."""
    _, layout = load_volume(work, values, np.empty((0, 0, 0), np.bool_), grid, True, top)
    count_euler(work, layout, top, euler)
