"""One chunk of a volume as two forests: on the way up and on the way down."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arguments import check_images
from ..compiling import entry
from ..padded.layout import Box, Layout
from ..padded.workspace import Workspace
from ..tree.basins import find_basins
from ..tree.directions import Direction, side_of
from ..tree.edges import Edges, trace
from ..tree.meetings import slopes_of
from .extent import Extent, places_of
from .faces import (
    NO_MEETINGS,
    Face,
    Meetings,
    behind_faces,
    face_roots,
    shared_faces,
    without_outside_behind,
)
from .forest import Forest, Settled, reduce_forest

# Positions on the padded volume have to fit into int32.
_MOST_VOXELS = 2**30


class Chunk(NamedTuple):
    """A chunk made ready, as a volume of its own.

    Attributes:
        work: classified; its levels are what keys are made of.
        box, layout: where its voxels lie.
        top: T-construction, else V.
        absent: level of voxels that are never there.
        keys: dtype of keys.
    """

    work: Workspace
    box: Box
    layout: Layout
    top: bool
    absent: int
    keys: np.dtype


def chunk_forests(chunk: Chunk, extent: Extent) -> Iterator[tuple[Settled, Forest]]:
    """Yield what is settled and what is not, on the way up, then on the way down.

    `chunk.work` is overwritten.
    """
    behind = behind_faces(extent)
    faces = list(shared_faces(chunk.work.levels, chunk.layout, chunk.box, behind))
    up, down = Direction(True, chunk.top), Direction(False, not chunk.top)
    yield _forest(chunk, NO_MEETINGS, up, faces, extent)
    at_faces = without_outside_behind(chunk.work, faces, chunk.layout, down.full)
    yield _forest(chunk, at_faces, down, faces, extent)


def _forest(
    chunk: Chunk, at_faces: Meetings, direction: Direction, faces: list[Face], extent: Extent
) -> tuple[Settled, Forest]:
    roots = np.concatenate(
        [np.empty(0, np.int32), *(face_roots(face, direction) for face in faces)]
    )
    places, which = np.unique(_places(chunk, roots, extent), return_index=True)
    roots = roots[which]
    births, edges, found = _trace_chunk(
        chunk.work, direction, chunk.layout, np.concatenate([roots, *at_faces])
    )
    n_meetings = at_faces.voxels.size
    basins, left, right = np.split(found, [roots.size, roots.size + n_meetings])

    def keys(positions: np.ndarray) -> np.ndarray:
        levels = chunk.work.levels[positions]
        earlier = levels if direction.ascending else levels.dtype.type(chunk.absent) - levels
        return earlier.astype(chunk.keys, copy=False)

    root_keys = keys(roots)
    # Basin 0 is the outside; roots of faces are vertices of their own, each joined to its basin.
    numbers = np.arange(1 + births.size, 1 + births.size + roots.size, dtype=np.int32)
    return reduce_forest(
        np.concatenate([np.zeros(1, chunk.keys), keys(births), root_keys]),
        numbers,
        places,
        (
            np.concatenate([edges.left, left, numbers]),
            np.concatenate([edges.right, right, basins]),
            np.concatenate([keys(edges.voxels), keys(at_faces.voxels), root_keys]),
        ),
        chunk.absent,
    )


def _places(chunk: Chunk, positions: np.ndarray, extent: Extent) -> np.ndarray:
    flat = positions.astype(np.int64) - chunk.layout.first
    z, flat = np.divmod(flat, chunk.layout.plane)
    y, x = np.divmod(flat, chunk.layout.row)
    return places_of(np.stack([z, y, x]) + np.array(extent.low)[:, np.newaxis])


def check_chunk(values: Any, name: str) -> np.ndarray:
    """Return a chunk as float32 or float64 (D, H, W); masked voxels are +inf.

    Raises:
        TypeError, ValueError: as `betti_curves_slabs`.
    """
    if np.ndim(values) != 3 or 0 in np.shape(values):
        raise ValueError(
            f"{name} has shape {np.shape(values)}; expected (D, H, W), none of 0: a plane is a "
            "slab of one, plane[np.newaxis]"
        )
    padded = math.prod(length + 2 for length in np.shape(values))
    if padded > _MOST_VOXELS:
        raise ValueError(
            f"{name} has {padded} voxels with a border of one; expected at most 2^30: cut smaller "
            "ones"
        )
    return check_images(values, name, batch=False)[0]


@entry
def _trace_chunk(
    work: Workspace, direction: Direction, layout: Layout, ends: np.ndarray
) -> tuple[np.ndarray, Edges, np.ndarray]:
    """Return births, edges between basins, and the basins of the positions `ends`."""
    births, edges = trace(work, direction, layout)
    basins = ends.copy()
    find_basins(slopes_of(work, side_of(work, direction, layout), layout), basins)
    return births, edges, basins
