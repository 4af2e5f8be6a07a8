"""Where a part of a volume lies, and in which faces it meets other parts."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

_BITS = 21
_LONGEST = 2**_BITS
_LOW_BITS = _LONGEST - 1

Triple = tuple[int, int, int]


class Extent(NamedTuple):
    """Voxels `low <= index < high` of a volume, of which neighbouring parts share one plane.

    Attributes:
        low, high: along each axis.
        open_low, open_high: along each axis, whether the first plane and the last one are shared
            with another part; else they are the volume's end.
    """

    low: Triple
    high: Triple
    open_low: tuple[bool, bool, bool]
    open_high: tuple[bool, bool, bool]

    @property
    def shape(self) -> Triple:
        """Return the lengths of the axes."""
        depth, height, width = (high - low for low, high in zip(self.low, self.high, strict=True))
        return depth, height, width


def chunk_extent(low: Triple, high: Triple, shape: Triple) -> Extent:
    """Return the extent of a chunk of a volume: its voxels, and the planes before them.

    Args:
        low, high: of what is the chunk's own, of which all voxels of the volume are in one.
        shape: of the volume.
    """
    before = tuple(max(0, start - 1) for start in low)
    open_low = tuple(start > 0 for start in low)
    open_high = tuple(stop < length for stop, length in zip(high, shape, strict=True))
    return Extent(before, high, open_low, open_high)  # type: ignore[arg-type]


def joined(a: Extent, b: Extent) -> Extent:
    """Return the extent of two parts, of which `b` begins with the plane that ends `a`.

    Raises:
        ValueError: they do not meet in a whole face.
    """
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        meet = a.open_high[axis] and b.open_low[axis] and a.high[axis] - 1 == b.low[axis]
        if meet and all(
            (a.low[other], a.high[other]) == (b.low[other], b.high[other]) for other in others
        ):
            return Extent(a.low, b.high, a.open_low, b.open_high)
    raise ValueError(
        f"parts of voxels {a.low} to {a.high} and {b.low} to {b.high}; expected two that share the "
        "last plane of the first one"
    )


def check_lengths(shape: tuple[int, ...]) -> None:
    """Raise ValueError where an axis is too long for places."""
    if max(shape, default=0) > _LONGEST:
        raise ValueError(f"a volume of shape {shape}; expected at most {_LONGEST} along an axis")


def places_of(index: np.ndarray) -> np.ndarray:
    """Return an int64 number of every voxel, int64 (3, n), in raster order."""
    z, y, x = index
    return (z << 2 * _BITS) | (y << _BITS) | x


def are_open(places: np.ndarray, extent: Extent) -> np.ndarray:
    """Tell which voxels other parts share, bool (n,)."""
    shared = np.zeros(places.size, np.bool_)
    for axis, shift in enumerate((2 * _BITS, _BITS, 0)):
        index = (places >> shift) & _LOW_BITS
        if extent.open_low[axis]:
            shared |= index == extent.low[axis]
        if extent.open_high[axis]:
            shared |= index == extent.high[axis] - 1
    return shared


def shared_first_planes(values: np.ndarray, extent: Extent) -> list[tuple[int, np.ndarray]]:
    """Return what a part has in common with those before it, with signs, as 2-D images.

    By inclusion and exclusion a valuation of the volume is the sum over all parts of that of the
    part and, with these signs, of its first planes, where they meet, and where all three do.
    """
    found = []
    for taken in product(*[(False, True) if is_open else (False,) for is_open in extent.open_low]):
        if any(taken):
            some = values[tuple(0 if one else slice(None) for one in taken)]
            found.append((-1 if sum(taken) % 2 else 1, np.atleast_2d(some)))
    return found
