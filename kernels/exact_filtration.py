"""The merges of one image in the exact order of its values, without a grid.

A value's key is the unsigned integer of its bits, changed so that integers compare as the values
do. Keys serve as levels; only births and edges between basins, which are few, are ever sorted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .compiling import entry
from .euler import euler_change
from .padded.layout import Box, Layout, padded_layout, voxel_position
from .padded.levels import fill_border
from .padded.workspace import Workspace, borrowed_workspace
from .simple.classification import classify
from .tree.basins import rank_bits
from .tree.directions import Direction
from .tree.edges import Edges, trace
from .tree.kruskal import Merges, join


class Critical(NamedTuple):
    """Voxels that are not simple, in raster order.

    voxels: flat positions, int32, or int64 where these do not fit.
    changes: int64, what each changes the Euler characteristic by.
    """

    voxels: np.ndarray
    changes: np.ndarray


@dataclass(frozen=True)
class ExactVolume:
    """An image made ready.

    Attributes:
        values: the image, flat.
        box, layout: where its voxels lie in the padded volume.
        shape: of the image, (D, H, W).
        work: `levels` are the keys.
        critical: see `Critical`.
        absent: key of absent voxels, a scalar of the keys' dtype.
        top: T-construction, else V.
    """

    values: np.ndarray
    box: Box
    layout: Layout
    shape: tuple[int, ...]
    work: Workspace
    critical: Critical
    absent: Any
    top: bool

    def values_at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at padded positions, float64; +inf for the outside at position 0."""
        values = self.values[np.where(positions == 0, 0, self.image_index(positions))]
        absent = (positions == 0) | (self.work.levels[positions] == self.absent)
        # Adding 0 turns -0 into 0.
        return np.where(absent, np.inf, values.astype(np.float64) + 0.0)

    def image_index(self, positions: np.ndarray) -> np.ndarray:
        """Return the flat index in the image of padded positions of its voxels, int64."""
        _, height, width = self.shape
        flat = positions.astype(np.int64) - self.layout.first
        z, flat = np.divmod(flat, self.layout.plane) if self.layout.plane else (0, flat)
        y, x = np.divmod(flat, self.layout.row)
        return ((z + self.box.z) * height + y + self.box.y) * width + x + self.box.x


@contextmanager
def exact_volume(
    image: np.ndarray, mask: np.ndarray, volumetric: bool, top: bool
) -> Iterator[ExactVolume]:
    """List the critical voxels of an image, and keep its work arrays as long as they are needed.

    Args:
        image: float32 or float64 (D, H, W), without NaN.
        mask: bool (D, H, W), or of no voxels where there is none.
    """
    box = _box_around(mask) if mask.size else Box(0, 0, 0, *image.shape)
    bits = np.uint32 if image.itemsize == 4 else np.uint64
    absent = bits(absent_key(np.dtype(bits)))
    rows = slice(box.y, box.y + box.height)
    inside = slice(box.z, box.z + box.depth), rows, slice(box.x, box.x + box.width)
    keys = ordered_keys(image[inside])
    gone = image[inside] == np.inf
    keys[gone | ~mask[inside] if mask.size else gone] = absent
    layout = padded_layout.py_func(box, volumetric)
    extent = (box.depth, box.height, box.width)
    with borrowed_workspace(extent, int(absent), volumetric) as work:
        critical = _list_exact(keys, layout, box, top, work)
        yield ExactVolume(image.ravel(), box, layout, image.shape, work, critical, absent, top)


def _box_around(mask: np.ndarray) -> Box:
    """Return the smallest box around the voxels of a mask that has some."""
    rows = np.any(mask, axis=2)
    along_axes = (np.any(rows, axis=1), np.any(rows, axis=0), np.any(mask, axis=(0, 1)))
    ends = [np.flatnonzero(there)[[0, -1]].tolist() for there in along_axes]
    return Box(*(first for first, _ in ends), *(last + 1 - first for first, last in ends))


def ordered_keys(values: np.ndarray) -> np.ndarray:
    """Return unsigned integers in the order of float values; those of 0 and -0 are equal."""
    n_bits = 8 * values.itemsize
    unsigned = np.dtype(f"uint{n_bits}").type
    bits = (values + values.dtype.type(0)).view(unsigned)
    sign = unsigned(1 << (n_bits - 1))
    # A negative number's bits grow as it falls.
    return np.where(bits & sign, ~bits, bits | sign)


def absent_key(keys: np.dtype) -> int:
    """Return the key of voxels that are never there, by the dtype of keys."""
    return int(np.iinfo(keys).max) - 1


def values_of_keys(keys: np.ndarray) -> np.ndarray:
    """Return the values whose keys are given, float64; +inf for that of absent voxels."""
    n_bits = 8 * keys.itemsize
    sign = keys.dtype.type(1 << (n_bits - 1))
    bits = np.where(keys & sign, keys ^ sign, ~keys)
    values = bits.view(f"float{n_bits}").astype(np.float64)
    return np.where(keys == absent_key(keys.dtype), np.inf, values)


def merges_of(volume: ExactVolume, *, ascending: bool) -> Merges:
    """Let the voxels enter, from the lowest value up or from the highest down."""
    levels = volume.work.levels
    direction = Direction(ascending, volume.top == ascending)
    births, edges = _trace_exact(volume.work, direction, volume.layout)
    order = np.argsort(levels[edges.voxels], kind="stable")
    return Merges(births, _join_exact(edges, order, levels[births], ascending))


@entry
def _list_exact(keys: np.ndarray, layout: Layout, box: Box, top: bool, work: Workspace) -> Critical:
    fill_border(work.levels, layout)
    for z in range(box.depth):
        for y in range(box.height):
            start = voxel_position(layout, z, y, 0)
            row = work.levels[start : start + box.width]
            for x in range(box.width):
                row[x] = keys[z, y, x]
    classify(work, layout, top)
    voxels = rank_bits(work.critical, layout.n_words, work.ranks)
    changes = np.empty(voxels.size, np.int64)
    for k in range(voxels.size):
        full, face = work.full[voxels[k]], work.face[voxels[k]]
        changes[k] = euler_change(full, face, layout.plane > 0, top)
    return Critical(voxels, changes)


@entry
def _trace_exact(work: Workspace, direction: Direction, layout: Layout) -> tuple[np.ndarray, Edges]:
    return trace(work, direction, layout)


@entry
def _join_exact(
    edges: Edges, order: np.ndarray, birth_levels: np.ndarray, ascending: bool
) -> np.ndarray:
    return join(edges, order, birth_levels, ascending)
