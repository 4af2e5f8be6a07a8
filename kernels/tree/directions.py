"""Which voxels enter in which order, which neighbours connect them, and where these lie.

Ascending, the neighbours already there are the earlier ones; descending, the later ones, with the
outside as the root that is older than all. In the T-construction the earlier ones are 26-connected
(8 in 2-D) and the later ones 6-connected (4), in the V-construction it is the other way round.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import making
from ..machine_words import ONE
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from ..simple.neighbourhood import (
    CORNERS,
    FACES,
    cubes_around_corners,
    neighbour_offsets,
)


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    ascending: from the lowest level up, else from the highest down.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    """

    ascending: bool
    full: bool


class Corners(NamedTuple):
    """The 8 voxels around each corner of a voxel, itself among them, as flat offsets.

    first: int64 (K,); of the first of them.
    ties: uint64 (K,); a bit for each that is taken to be earlier than the voxel at the same level.
    places: int64 (8,); of each of them from the first one.
    row, plane: strides.
    later: uint64; the bits to be flipped for later ones.
    """

    first: np.ndarray
    ties: np.ndarray
    places: np.ndarray
    row: int
    plane: int
    later: np.uint64


class Side(NamedTuple):
    """What `Workspace` knows of one direction.

    ascending: see `Direction`.
    components: uint8, representatives of local components of every voxel.
    roots, merges: uint64, a bit a voxel: who meets no component, or several.
    codes: uint8, and steps: uint64 (256,), modulo 2^64: what each code adds to a position, on the
        way to a root. The first step leads into the component of the lowest representative.
    corners: where to look for neighbours at corners; of no corners if they are across faces.
    across: int64 (6,), flat offset of the neighbour across each face.
    """

    ascending: bool
    components: np.ndarray
    roots: np.ndarray
    merges: np.ndarray
    codes: np.ndarray
    steps: np.ndarray
    corners: Corners
    across: np.ndarray


@making
def side_of(work: Workspace, direction: Direction, layout: Layout) -> Side:
    """Pick what belongs to a direction."""
    offsets = neighbour_offsets(layout)
    across = _offsets_of_faces(offsets)
    corners = _corners_of(layout, direction, offsets)
    if direction.full:
        return Side(
            direction.ascending,
            work.full,
            work.full_roots,
            work.full_merges,
            work.codes,
            _steps_by_number(offsets),
            corners,
            across,
        )
    return Side(
        direction.ascending,
        work.face,
        work.face_roots,
        work.face_merges,
        work.face,
        _steps_by_lowest_bit(across),
        corners,
        across,
    )


@making
def _corners_of(layout: Layout, direction: Direction, offsets: np.ndarray) -> Corners:
    count = len(CORNERS) if direction.full else 0
    first, ties = np.empty(count, np.int64), np.empty(count, np.uint64)
    cubes = cubes_around_corners(layout.plane > 0)
    for k in range(count):
        first[k] = offsets[cubes[k, 0]]
        # The voxel itself is neither earlier nor later.
        ties[k] = (ONE << np.uint64(cubes[k, 1] + (not direction.ascending))) - ONE
    places = np.empty(8, np.int64)
    for k in range(8):
        places[k] = (k >> 2) * layout.plane + ((k >> 1) & 1) * layout.row + (k & 1)
    later = np.uint64(0 if direction.ascending else 255)
    return Corners(first, ties, places, layout.row, layout.plane, later)


@making
def _offsets_of_faces(offsets: np.ndarray) -> np.ndarray:
    across = np.empty(len(FACES), np.int64)
    for k in range(len(FACES)):
        across[k] = offsets[FACES[k]]
    return across


@making
def _steps_by_number(offsets: np.ndarray) -> np.ndarray:
    steps = np.zeros(256, np.uint64)
    for neighbour in range(27):
        steps[neighbour] = np.uint64(offsets[neighbour])
    return steps


@making
def _steps_by_lowest_bit(across: np.ndarray) -> np.ndarray:
    steps = np.zeros(256, np.uint64)
    for k in range(len(FACES) - 1, -1, -1):
        for faces in range(1 << k, 1 << len(FACES), 2 << k):
            steps[faces] = np.uint64(across[k])
    return steps
