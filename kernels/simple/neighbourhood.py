"""The neighbours of a voxel, by number, and the corners of its cube that they touch.

Neighbour 9 (dz + 1) + 3 (dy + 1) + (dx + 1) is the one at (dz, dy, dx); 13 is the voxel itself. One
with a lower number lies before the voxel in the raster. Of a pixel there are those from 9 to 17.

The closed cubes of neighbours meet that of a voxel in closed faces, edges and corners of it, so
that what they share with each other on its surface shows at its 8 corners (4 of a pixel's square).
"""

from __future__ import annotations

import numpy as np

from ..compiling import making
from ..padded.layout import Layout

CENTRE = 13
Offset = tuple[int, int, int]


def offset_of(neighbour: int) -> Offset:
    """Return (dz, dy, dx) of a neighbour by its number."""
    return neighbour // 9 - 1, neighbour // 3 % 3 - 1, neighbour % 3 - 1


def touches(neighbour: int, corner: Offset) -> bool:
    """Tell whether a neighbour's closed cube holds the corner on a side, -1 or 1, of every axis."""
    return all(step in (0, side) for step, side in zip(offset_of(neighbour), corner, strict=True))


CORNERS: tuple[Offset, ...] = (
    (-1, -1, -1),
    (1, 1, -1),
    (1, -1, 1),
    (-1, 1, 1),
    (1, 1, 1),
    (1, -1, -1),
    (-1, 1, -1),
    (-1, -1, 1),
)
"""Bit k of a byte stands for corner k; no edge joins two of the first four, or of the last four."""
PLANE_CORNERS: tuple[Offset, ...] = ((0, -1, -1), (0, 1, 1), (0, -1, 1), (0, 1, -1))
FACES = (14, 12, 16, 10, 4, 22)
"""Bit k of a byte stands for the neighbour across face k: east, west, south, north, down, up."""


def choices(neighbours: range, corners: tuple[Offset, ...]) -> tuple[int, ...]:
    """Return neighbours in the order in which one is chosen among those that are there.

    Who touches the first corner that any of them touches comes first, and the furthest of them: in
    the T-construction, of 26-connected earlier neighbours, ways over plateaus are short then.
    """

    def rank(neighbour: int) -> tuple[int, int, int]:
        first = next(k for k, corner in enumerate(corners) if touches(neighbour, corner))
        return first, -sum(map(abs, offset_of(neighbour))), neighbour

    return tuple(sorted((n for n in neighbours if n != CENTRE), key=rank))


IN_SPACE = choices(range(27), CORNERS)
IN_PLANE = choices(range(9, 18), PLANE_CORNERS)


def _touching(order: tuple[int, ...], corners: tuple[Offset, ...]) -> np.ndarray:
    table = [[n for n in order if touches(n, corner)] for corner in corners]
    return np.array(table + [table[0]] * (8 - len(table)))


# Neighbours at each corner, (8, 7) and (8, 3), in the order of choice.
_AT_CORNER, _AT_PLANE_CORNER = _touching(IN_SPACE, CORNERS), _touching(IN_PLANE, PLANE_CORNERS)
_AT_FACE = np.array([[face] for face in (*FACES, FACES[0], FACES[0])])


def _sum(numbers: tuple[int, ...], weights: tuple[int, ...]) -> int:
    return sum(a * b for a, b in zip(numbers, weights, strict=True))


def _cube_around(corner: Offset) -> tuple[int, int]:
    """First of the voxels around a corner, as a neighbour, and the voxel's own place among them."""
    before = tuple(int(side < 0) for side in corner)
    return CENTRE - _sum(before, (9, 3, 1)), _sum(before, (4, 2, 1))


_AROUND_CORNER = np.array([_cube_around(corner) for corner in CORNERS])
_AROUND_PLANE_CORNER = np.array([_cube_around(corner) for corner in PLANE_CORNERS * 2])


@making
def neighbour_offsets(layout: Layout) -> np.ndarray:
    """Flat offset of every neighbour, int64 (27,)."""
    offsets = np.empty(27, np.int64)
    for neighbour in range(27):
        dz, dy, dx = neighbour // 9 - 1, neighbour // 3 % 3 - 1, neighbour % 3 - 1
        offsets[neighbour] = dz * layout.plane + dy * layout.row + dx
    return offsets


@making
def corner_neighbours(volumetric: bool) -> np.ndarray:
    """Neighbours that touch each corner, int64 (8, 7); (8, 3) in a plane, where 4 rows are used."""
    return _AT_CORNER if volumetric else _AT_PLANE_CORNER


@making
def face_neighbours() -> np.ndarray:
    """The neighbour across each face, int64 (8, 1), of which 6 are used."""
    return _AT_FACE


@making
def cubes_around_corners(volumetric: bool) -> np.ndarray:
    """First of the 8 voxels around each corner, as a neighbour, and the own place; int64 (8, 2).

    Place 4 z + 2 y + x is at (z, y, x) from the first one. Of a plane 4 rows and places are used.
    """
    return _AROUND_CORNER if volumetric else _AROUND_PLANE_CORNER
