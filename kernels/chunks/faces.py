"""The faces in which a chunk meets the rest of the volume.

Every voxel of a face but its roots has an earlier neighbour in the face, and is joined to it at its
own key by all chunks that share the face: the roots alone are left to be glued.

On the way down the border is the outside, and behind a shared face there is none: its voxels are
looked at once more, with nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..compiling import entry, inner
from ..machine_words import ONE, lowest_place
from ..padded.layout import RUN, Box, Layout
from ..padded.workspace import Workspace
from ..simple.neighbour_lanes import NONE, spread_eight, spread_six
from ..simple.neighbourhood import (
    CENTRE,
    FACES,
    corner_neighbours,
    face_neighbours,
    neighbour_offsets,
)
from ..simple.representatives import CORNER, FACE, SIZE, represent_in_space
from ..tree.directions import Direction
from .extent import Extent

_ALL = (1 << 27) - 1 - (1 << CENTRE)
_FACES = sum(1 << face for face in FACES)
# Of a word of neighbours, by axis: those before a voxel, beside it and after it.
_ALONG = [
    [sum(1 << bit for bit in range(27) if bit // stride % 3 == step) for step in range(3)]
    for stride in (9, 3, 1)
]


class Face(NamedTuple):
    """A face's voxels in raster order.

    Attributes:
        voxels: int32, flat positions.
        words: int32, a bit for each earlier neighbour; what lies behind is later.
        behind: int32, the neighbours in other chunks.
        axis: across which it lies.
    """

    voxels: np.ndarray
    words: np.ndarray
    behind: np.ndarray
    axis: int


def behind_faces(extent: Extent) -> np.ndarray:
    """Return the neighbours behind the first and last plane of every axis, int32 (6,); 0: none."""
    behind = []
    for axis, (before, _, after) in enumerate(_ALONG):
        behind += [before * extent.open_low[axis], after * extent.open_high[axis]]
    return np.array(behind, np.int32)


def shared_faces(
    levels: np.ndarray, layout: Layout, box: Box, behind: np.ndarray
) -> Iterator[Face]:
    """Yield the faces that have something behind them, by the chunk's levels."""
    lengths = box.depth, box.height, box.width
    for side in np.flatnonzero(behind):
        axis = int(side) // 2
        index = lengths[axis] - 1 if side % 2 else 0
        voxels, words, there = _read_face(levels, layout, box, axis, index, behind)
        yield Face(voxels, words, there, axis)


def face_roots(face: Face, direction: Direction) -> np.ndarray:
    """Return the positions of voxels without an earlier neighbour in the face."""
    there = face.words if direction.ascending else ~(face.words | face.behind)
    connecting = np.int32(_ALONG[face.axis][1] & (_ALL if direction.full else _FACES))
    return face.voxels[(there & connecting) == 0]


class Meetings(NamedTuple):
    """Voxels at which components may meet, each with a neighbour in one more; flat positions."""

    voxels: np.ndarray
    neighbours: np.ndarray


NO_MEETINGS = Meetings(np.empty(0, np.int32), np.empty(0, np.int32))


def without_outside_behind(
    work: Workspace, faces: list[Face], layout: Layout, full: bool
) -> Meetings:
    """Look at shared faces once more, for the way down, with nothing behind them.

    Args:
        work: what it says of the faces' voxels is written anew, of the kind that `full` tells; they
            are no longer among those that merge.

    Returns:
        what these voxels merge.
    """
    found = [_cut(work, face.voxels, face.words | face.behind, layout, full) for face in faces]
    parts = zip(NO_MEETINGS, *found, strict=True)
    return Meetings(*(np.concatenate(part) for part in parts))


@inner
def _behind(voxel: int, layout: Layout, box: Box, behind: np.ndarray) -> int:
    """Return the neighbours of a voxel that are behind a shared face."""
    flat = voxel - layout.first
    z = flat // layout.plane
    flat -= z * layout.plane
    y = flat // layout.row
    x = flat - y * layout.row
    found = 0
    if z == 0:
        found |= behind[0]
    if z == box.depth - 1:
        found |= behind[1]
    if y == 0:
        found |= behind[2]
    if y == box.height - 1:
        found |= behind[3]
    if x == 0:
        found |= behind[4]
    if x == box.width - 1:
        found |= behind[5]
    return found


@inner
def _mark_earlier(
    own: np.ndarray, other: np.ndarray, bit: int, before: bool, words: np.ndarray
) -> None:
    """Set a bit in the words of voxels whose neighbour is earlier; of one level the first is."""
    if before:
        for k in range(own.size):
            words[k] |= np.int32(other[k] <= own[k]) << bit
    else:
        for k in range(own.size):
            words[k] |= np.int32(other[k] < own[k]) << bit


@inner
def _load_words(words: np.ndarray, slices: np.ndarray) -> None:
    """Turn words of at most 64 `RUN` voxels into slices of bits, the border's among them."""
    for k in range(27):
        for j in range(RUN):
            some = words[64 * j : 64 * j + 64]
            bits = np.uint64(0)
            for i in range(some.size):
                bits |= (np.uint64(some[i]) >> np.uint64(k) & ONE) << np.uint64(i)
            slices[RUN * k + j] = bits


@inner
def _set_bit(bits: np.ndarray, voxel: int, value: bool) -> None:
    bit = ONE << np.uint64(voxel & 63)
    if value:
        bits[voxel >> 6] |= bit
    else:
        bits[voxel >> 6] &= ~bit


@inner
def _neighbour_in(word: int, neighbours: np.ndarray) -> int:
    """Return the first of some neighbours that is in a word."""
    for neighbour in neighbours:
        if word >> neighbour & 1:
            return neighbour
    return NONE


@entry
def _read_face(
    levels: np.ndarray, layout: Layout, box: Box, axis: int, index: int, behind: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the voxels, words and neighbours behind of the plane `index` across an axis."""
    offsets = neighbour_offsets(layout)
    rows = box.height if axis == 0 else box.depth
    length = box.height if axis == 2 else box.width
    stride = layout.row if axis == 0 else layout.plane
    step = layout.row if axis == 2 else 1
    first = layout.first + index * (layout.plane, layout.row, 1)[axis]
    n = rows * length
    voxels, words = np.empty(n, np.int32), np.zeros(n, np.int32)
    for r in range(rows):
        start = first + r * stride
        row = words[r * length : (r + 1) * length]
        for k in range(length):
            voxels[r * length + k] = start + k * step
        for bit in range(27):
            other = start + offsets[bit]
            # Two calls, of which the first one is compiled for rows that lie together.
            if step == 1:
                own_row, other_row = levels[start:], levels[other:]
                _mark_earlier(own_row[:length], other_row[:length], bit, bit < CENTRE, row)
            else:
                end = length * step
                _mark_earlier(
                    levels[start : start + end : step],
                    levels[other : other + end : step],
                    bit,
                    bit < CENTRE,
                    row,
                )
    there = np.empty(n, np.int32)
    for k in range(n):
        there[k] = _behind(voxels[k], layout, box, behind)
    return voxels, words, there


@entry
def _cut(
    work: Workspace, voxels: np.ndarray, before: np.ndarray, layout: Layout, full: bool
) -> Meetings:
    """Write what voxels are whose neighbours in `before` are not there; return what they merge.

    Args:
        before: int32, a bit for each neighbour that is earlier, or behind the face.
    """
    # 26-connected are the later neighbours, else they are 6-connected.
    flip = np.int32(_ALL if full else 0)
    roots, merges = work.full_roots, work.full_merges
    components, neighbours = work.full, corner_neighbours(True)
    if not full:
        roots, merges = work.face_roots, work.face_merges
        components, neighbours = work.face, face_neighbours()
    offsets = neighbour_offsets(layout)
    slices = np.zeros(SIZE, np.uint64)
    found = np.empty(64 * RUN, np.uint8)
    room = 5 * voxels.size
    meetings = Meetings(np.empty(room, np.int32), np.empty(room, np.int32))
    count = 0
    for start in range(0, voxels.size, 64 * RUN):
        some = before[start : start + 64 * RUN]
        words = np.empty(some.size, np.int32)
        for i in range(some.size):
            words[i] = some[i] ^ flip
        _load_words(words, slices)
        represent_in_space(slices)
        for j in range(RUN):
            if full:
                spread_eight(slices, CORNER + j, RUN, found, 64 * j)
            else:
                spread_six(slices, FACE + j, RUN, found, 64 * j)
        for i in range(some.size):
            voxel, there = voxels[start + i], ~some[i] & _ALL
            components[voxel] = found[i]
            _set_bit(roots, voxel, found[i] == 0)
            _set_bit(merges, voxel, False)
            rest, first = np.uint64(found[i]), True
            if full and rest == 0:
                work.codes[voxel] = NONE
            while rest:
                neighbour = _neighbour_in(there, neighbours[lowest_place(rest)])
                rest &= rest - ONE
                if not first:
                    meetings.voxels[count] = voxel
                    meetings.neighbours[count] = voxel + offsets[neighbour]
                    count += 1
                elif full:
                    work.codes[voxel] = neighbour
                first = False
    return Meetings(meetings.voxels[:count], meetings.neighbours[:count])
