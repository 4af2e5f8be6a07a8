"""The grid of chunks that a volume is read in."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from topojax.errors import DataError
from topojax.kernels.chunks import Extent, chunk_extent
from topojax.topology.chunked.reading import Source

Chunks = int | tuple[int, int, int]
"""Planes along the first axis, or voxels along each axis."""

# The kernels take some 6 bytes a voxel of a smooth volume beside the voxels, 16 of white noise.
_VOXELS_AT_ONCE = 2**25
_FEWEST_PLANES = 32


def chunk_grid(source: Source, chunks: Chunks | None) -> list[list[list[Extent]]]:
    """Return the chunks of a volume by layer, row and place, each with the planes before it.

    Raises:
        DataError: chunks below 1, or not one number or three.
    """
    shape = source.shape
    lengths = _default(source) if chunks is None else _checked(chunks, shape)
    layers, rows, places = (
        list(pairwise([*range(0, length, step), length]))
        for length, step in zip(shape, lengths, strict=True)
    )
    return [
        [
            [chunk_extent((z[0], y[0], x[0]), (z[1], y[1], x[1]), shape) for x in places]
            for y in rows
        ]
        for z in layers
    ]


def _checked(chunks: Chunks, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    told: Any = tuple(chunks) if isinstance(chunks, Iterable) else (chunks, *shape[1:])
    try:
        lengths = tuple(map(operator.index, told))
    except TypeError:
        lengths = ()
    if len(lengths) != 3 or min(lengths) < 1:
        raise DataError(
            f"chunks={chunks}; expected a number of planes, or three of voxels, each at least 1"
        )
    return lengths


def _default(source: Source) -> tuple[int, int, int]:
    """Return whole planes, or of an array in chunks whole ones of these, as far as they go.

    Whole planes lie together in most files, and share the fewest voxels.
    """
    depth, height, width = source.shape
    stored = getattr(source.array, "shards", None) or getattr(source.array, "chunks", None)
    unit = stored if stored is not None and len(stored) == 3 else (1, 1, 1)
    # Rows before planes before depth, each as long as there is room for the next ones' least.
    least = [max(one, _FEWEST_PLANES) for one in unit]
    x = _fitting(width, unit[2], least[0] * least[1])
    y = _fitting(height, unit[1], least[0] * x)
    z = _fitting(depth, unit[0], y * x)
    return z, y, x


def _fitting(length: int, unit: int, others: int) -> int:
    """Return the most whole units of an axis that fit, or all of it."""
    room = max(1, _VOXELS_AT_ONCE // (others * unit)) * unit
    return length if room >= length else room
