"""The earlier link of a voxel: what a vertex of the V-construction meets as it enters.

Around a voxel the directions to its six neighbours are the vertices of an octahedron, the squares
that hold the voxel its 12 edges and the cubes its 8 triangles. The *link* is the part of it whose
voxels are all earlier than the voxel. A *graph* is a set of squares as 12 bits, a set of
directions has 6 bits. Directions 0 to 5 are -z, -y, -x, +x, +y, +z; 5 - d is opposite to d.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..compiling import inlined, inner, making
from ..simple.neighbourhood import CENTRE, FACES

# Number of the neighbour behind each direction.
_NEIGHBOURS = tuple(sorted(FACES))
_HALF = np.uint64(32)
_SQUARES = tuple(pair for pair in combinations(range(6), 2) if sum(pair) != 5)
_CUBES = tuple((z, y, x) for z in (0, 5) for y in (1, 4) for x in (2, 3))


def _others(*directions: int) -> int:
    """The voxels of the block that directions span, as a word without its centre."""
    steps = [_NEIGHBOURS[d] - CENTRE for d in directions]
    sums = [sum(some) for n in range(1, len(steps) + 1) for some in combinations(steps, n)]
    return sum(1 << (CENTRE + total) for total in sums)


FIRST = np.array([a for a, _ in _SQUARES], np.int64)
"""Of the two directions that span each square, the lower one."""
SECOND = np.array([b for _, b in _SQUARES], np.int64)
"""The higher one."""
SIDES = np.array(
    [sum(1 << k for k, square in enumerate(_SQUARES) if {*square} <= {*cube}) for cube in _CUBES],
    np.int64,
)
"""The three squares of each cube, as a graph."""
_SQUARE_VOXELS = np.array([_others(*square) for square in _SQUARES], np.int64)
_CUBE_VOXELS = np.array([_others(*cube) for cube in _CUBES], np.int64)


@making
def six_steps(row: int, plane: int) -> np.ndarray:
    """Flat distance to the neighbour in each direction, int64 (6,)."""
    steps = np.empty(6, np.int64)
    steps[0], steps[1], steps[2] = -plane, -row, -1
    for d in range(3):
        steps[5 - d] = -steps[d]
    return steps


@inlined
def earlier_word(chain: np.ndarray, row: int, plane: int, voxel: int) -> int:
    """The neighbours of a voxel that come before it in the order (key, position), as 27 bits."""
    own = chain[voxel] >> _HALF
    word = 0
    for line in range(9):
        start = voxel + (line // 3 - 1) * plane + (line % 3 - 1) * row - 1
        for x in range(3):
            bit = 3 * line + x
            key = chain[start + x] >> _HALF
            comes_first = key <= own if bit < CENTRE else key < own
            word |= int(comes_first) << bit
    return word


@inner
def graph_of(word: int) -> int:
    """The squares all of whose other voxels are in a word."""
    graph = 0
    for k in range(12):
        graph |= int((word & _SQUARE_VOXELS[k]) == _SQUARE_VOXELS[k]) << k
    return graph


@inner
def cubes_of(word: int) -> int:
    """The cubes all of whose other voxels are in a word, as 8 bits."""
    cubes = 0
    for k in range(8):
        cubes |= int((word & _CUBE_VOXELS[k]) == _CUBE_VOXELS[k]) << k
    return cubes
