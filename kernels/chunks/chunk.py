"""One chunk of a volume as two forests: on the way up and on the way down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arguments import check_images
from ..compiling import entry, source_digest
from ..padded.layout import Box, Layout
from ..padded.workspace import Workspace
from ..simple.critical import Critical
from ..simple.first_neighbours import steps_to_first
from ..tree.basins import Slopes, find_basins
from ..tree.edges import Direction, Edges, trace
from .extent import Extent, places_of
from .faces import Face, behind_faces, face_roots, shared_faces, without_outside_behind
from .forest import Forest, Settled, reduce_forest

# Positions on the padded volume have to fit into int32.
_MOST_VOXELS = 2**30


class Chunk(NamedTuple):
    """A chunk made ready, as a volume of its own.

    Attributes:
        work: its levels are what keys are made of.
        critical: critical voxels in raster order.
        box, layout: where its voxels lie.
        top: T-construction, else V.
        absent: level of voxels that are never there.
        keys: dtype of keys.
    """

    work: Workspace
    critical: Critical
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
    yield _forest(chunk, chunk.critical, up, faces, extent)
    merging = without_outside_behind(
        chunk.work, chunk.critical, faces, chunk.layout, chunk.box, behind, down.full
    )
    yield _forest(chunk, merging, down, faces, extent)


def _forest(
    chunk: Chunk, critical: Critical, direction: Direction, faces: list[Face], extent: Extent
) -> tuple[Settled, Forest]:
    roots = np.concatenate(
        [np.empty(0, np.int32), *(face_roots(face, direction) for face in faces)]
    )
    places, which = np.unique(_places(chunk, roots, extent), return_index=True)
    roots = roots[which]
    births, edges, basins = _trace_chunk(chunk.work, critical, direction, chunk.layout, roots)

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
            np.concatenate([edges.left, numbers]),
            np.concatenate([edges.right, basins]),
            np.concatenate([keys(edges.voxels), root_keys]),
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
        raise ValueError(f"{name} has shape {np.shape(values)}; expected (D, H, W), none of 0")
    padded = math.prod(length + 2 for length in np.shape(values))
    if padded > _MOST_VOXELS:
        raise ValueError(
            f"{name} has {padded} voxels with a border of one; expected at most 2^30: cut smaller "
            "ones"
        )
    return check_images(values, name, batch=False)[0]


def _entry_point(digest: int) -> Callable[..., tuple[np.ndarray, Edges, np.ndarray]]:
    @entry
    def trace_chunk(
        work: Workspace, critical: Critical, direction: Direction, layout: Layout, ends: np.ndarray
    ) -> tuple[np.ndarray, Edges, np.ndarray]:
        """Return births, edges between basins, and the basins of the positions `ends`."""
        digest  # noqa: B018
        births, edges = trace(work, critical, direction, layout)
        roots = work.full_roots if direction.full else work.face_roots
        steps = steps_to_first(layout, direction.full)
        slopes = Slopes(work.codes, steps, roots, work.ranks, work.milestones)
        basins = ends.copy()
        find_basins(slopes, basins, layout.n_words)
        return births, edges, basins

    return trace_chunk


_trace_chunk = _entry_point(source_digest())
