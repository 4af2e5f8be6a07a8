"""Which voxels enter in which order, which neighbours connect them, and where these lie.

Ascending, the neighbours already there are the earlier ones; descending, the later ones, with the
outside as the root that is older than all. In the T-construction the earlier ones are 26-connected
(8 in 2-D) and the later ones 6-connected (4), in the V-construction it is the other way round.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import making
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from ..simple.neighbourhood import (
    FACES,
    corner_neighbours,
    face_neighbours,
    neighbour_offsets,
)


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    ascending: from the lowest level up, else from the highest down.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    """

    ascending: bool
    full: bool


class Side(NamedTuple):
    """What `Workspace` knows of one direction.

    ascending: see `Direction`.
    components: uint8, representatives of local components of every voxel.
    roots, merges: uint64, a bit a voxel: who meets no component, or several.
    codes: uint8, and steps: uint64 (256,), modulo 2^64: what each code adds to a position, on the
        way to a root. The first step leads into the component of the lowest representative.
    offsets: int64 (8, K), flat offsets of the neighbours at each representative; the last one is
        there if no other is.
    """

    ascending: bool
    components: np.ndarray
    roots: np.ndarray
    merges: np.ndarray
    codes: np.ndarray
    steps: np.ndarray
    offsets: np.ndarray


@making
def side_of(work: Workspace, direction: Direction, layout: Layout) -> Side:
    """Pick what belongs to a direction."""
    offsets = neighbour_offsets(layout)
    if direction.full:
        at_corners = _offsets_of(corner_neighbours(layout.plane > 0), offsets)
        return Side(
            direction.ascending,
            work.full,
            work.full_roots,
            work.full_merges,
            work.codes,
            _steps_by_number(offsets),
            at_corners,
        )
    across = _offsets_of(face_neighbours(), offsets)
    return Side(
        direction.ascending,
        work.face,
        work.face_roots,
        work.face_merges,
        work.face,
        _steps_by_lowest_bit(across),
        across,
    )


@making
def _offsets_of(neighbours: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    found = np.empty(neighbours.shape, np.int64)
    for k in range(neighbours.shape[0]):
        for i in range(neighbours.shape[1]):
            found[k, i] = offsets[neighbours[k, i]]
    return found


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
            steps[faces] = np.uint64(across[k, 0])
    return steps
