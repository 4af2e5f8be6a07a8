"""What volumes cost that were not measured, from how they would be cut and measured rates."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from topojax.topology.chunked.cutting import chunk_grid
from topojax.topology.chunked.reading import Source


@dataclass(frozen=True)
class Rates:
    """What was measured of one kind of volume.

    Attributes:
        ns_a_voxel: of describing chunks, one core, beyond reading.
        bytes_a_face_voxel: of the forests, both directions.
        glue_ns_a_face_voxel: of gluing two parts, a voxel of all their shared faces.
    """

    ns_a_voxel: float
    bytes_a_face_voxel: float
    glue_ns_a_face_voxel: float


@dataclass(frozen=True)
class Cost:
    """What a volume of n³ float32 voxels costs, cut by default.

    Attributes:
        read: bytes that are read, with what chunks share.
        overlap: of that, as a share of the volume.
        forest: bytes of a chunk's forests.
        top: bytes of the two last parts' forests.
        gluings: of two parts; depth: one after the other, where there are workers enough.
        core_seconds: of describing chunks; glue_seconds: of gluing, one core.
    """

    n: int
    chunks: int
    chunk: tuple[int, int, int]
    read: int
    overlap: float
    forest: int
    top: int
    gluings: int
    depth: int
    core_seconds: float
    glue_seconds: float


class _Absent:
    """A volume of which only the shape is known."""

    def __init__(self, n: int) -> None:
        self.shape = (n, n, n)


def cost(n: int, rates: Rates) -> Cost:
    """Return what a volume of n³ voxels costs."""
    grid = chunk_grid(Source(_Absent(n), None), None)
    counts = len(grid), len(grid[0]), len(grid[0][0])
    extents = [extent for layer in grid for row in layer for extent in row]
    voxels = sum(math.prod(extent.shape) for extent in extents)
    faces = np.array([_shared(extent) for extent in extents])
    # Level by level of the tree, half of what is shared goes, or so: each is touched once a level.
    depth = sum(math.ceil(math.log2(count)) for count in counts if count > 1)
    largest = max(extents, key=lambda extent: math.prod(extent.shape))
    return Cost(
        n=n,
        chunks=len(extents),
        chunk=largest.shape,
        read=4 * voxels,
        overlap=voxels / n**3 - 1,
        forest=int(faces.max() * rates.bytes_a_face_voxel),
        top=int(2 * n**2 * rates.bytes_a_face_voxel),
        gluings=len(extents) - 1,
        depth=depth,
        core_seconds=voxels * rates.ns_a_voxel * 1e-9,
        glue_seconds=float(faces.sum()) * rates.glue_ns_a_face_voxel * 1e-9,
    )


def _shared(extent: Any) -> int:
    """Return the voxels of a chunk's shared faces."""
    found = 0
    for axis in range(3):
        area = math.prod(extent.shape) // extent.shape[axis]
        found += area * (extent.open_low[axis] + extent.open_high[axis])
    return found


def to_json(found: Cost) -> dict[str, Any]:
    """Return a cost as a JSON object."""
    return asdict(found) | {"chunk": list(found.chunk)}
