"""Persistence pairs of dimensions 0 and 2 of a volume, from its chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..arguments import Construction, check_construction
from ..exact_filtration import absent_key, exact_volume, values_of_keys
from .chunk import Chunk, chunk_forests
from .extent import Extent, joined
from .forest import Forest, Settled, glue
from .slabs import checked_slabs


class ChunkBars(NamedTuple):
    """What a part of a volume says of the whole's persistence pairs.

    Attributes:
        extent: where the part is.
        bars: float64 (n, 2), of dimension 0, and of dimension 2; settled ones.
        above, below: what is not settled, on the way up and on the way down.
    """

    extent: Extent
    bars: tuple[np.ndarray, np.ndarray]
    above: Forest
    below: Forest


def chunk_bars(values: np.ndarray, extent: Extent, top: bool) -> ChunkBars:
    """Describe one chunk.

    Args:
        values: float32 or float64 (D, H, W) of `extent`, without NaN.
        extent: where the chunk is, with what it shares with those before it.
        top: T-construction, else V.
    """
    with exact_volume(values, np.empty((0, 0, 0), np.bool_), True, top) as volume:
        keys, absent = volume.work.levels.dtype, int(volume.absent)
        chunk = Chunk(volume.work, volume.box, volume.layout, top, absent, keys)
        (up, above), (down, below) = chunk_forests(chunk, extent)
    return ChunkBars(extent, (_rising(up), _falling(down)), above, below)


def glue_bars(a: ChunkBars, b: ChunkBars) -> ChunkBars:
    """Put two parts together, of which the last plane of `a` along one axis is the first of `b`.

    Raises:
        ValueError: they do not meet in a whole face, do not agree on it, or differ in dtype.
    """
    if a.above.births.dtype != b.above.births.dtype:
        raise ValueError("parts are of float32 and of float64; expected one dtype")
    never = absent_key(a.above.births.dtype)
    extent = joined(a.extent, b.extent)
    up, above = glue(a.above, b.above, extent, never)
    down, below = glue(a.below, b.below, extent, never)
    bars = (
        np.concatenate([a.bars[0], b.bars[0], _rising(up)]),
        np.concatenate([a.bars[1], b.bars[1], _falling(down)]),
    )
    return ChunkBars(extent, bars, above, below)


def whole_bars(part: ChunkBars) -> tuple[np.ndarray, np.ndarray]:
    """Return the bars of dimensions 0 and 2, each in the order (birth, death)."""
    return tuple(bars[np.lexsort((bars[:, 1], bars[:, 0]))] for bars in part.bars)  # type: ignore[return-value]


def persistence_pairs_slabs(
    slabs: Iterable[Any], *, construction: Construction = "T"
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the bars of dimensions 0 and 2 of a volume from its slabs along the first axis.

    They are those of `persistence_pairs` of the whole.

    Args:
        slabs, construction: as `betti_curves_slabs`; slabs of one dtype.

    Returns:
        float64 (n, 2) and (m, 2), birth and death, in this order; without bars of length zero. The
        death of what never ends is +inf.

    Raises:
        TypeError, ValueError: as `betti_curves_slabs`, or slabs of several dtypes.

    Example:
        >>> shell = np.ones((3, 3, 3))
        >>> shell[1, 1, 1] = 9
        >>> [bars.tolist() for bars in persistence_pairs_slabs([shell[:1], shell[1:]])]
        [[[1.0, inf]], [[1.0, 9.0]]]
    """
    top = check_construction(construction)
    so_far: ChunkBars | None = None
    for values, extent in checked_slabs(slabs):
        part = chunk_bars(values, extent, top)
        so_far = part if so_far is None else glue_bars(so_far, part)
    none = np.empty((0, 2))
    return (none, none) if so_far is None else whole_bars(so_far)


def _rising(settled: Settled) -> np.ndarray:
    return np.stack([values_of_keys(keys) for keys in settled], axis=1)


def _falling(settled: Settled) -> np.ndarray:
    """Return cavities: one begins where it is walled off, and ends where it is filled."""
    absent = absent_key(settled.births.dtype)
    filled, walled = (keys.dtype.type(absent) - keys for keys in settled)
    return np.stack([values_of_keys(walled), values_of_keys(filled)], axis=1)
