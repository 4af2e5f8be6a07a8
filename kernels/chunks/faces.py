"""The faces in which a chunk meets the rest of the volume.

Every voxel of a face but its roots has an earlier neighbour in the face, and is joined to it at its
own key by all chunks that share the face: the roots alone are left to be glued.

On the way down the border is the outside, and behind a shared face there is none: its voxels are
looked at once more, with nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ..compiling import entry, inner, source_digest
from ..padded.layout import Box, Layout
from ..padded.workspace import Workspace
from ..simple.critical import Critical
from ..simple.neighbourhood import ALL, FACES, count_bits, lowest_bit, neighbour_offsets
from ..tree.edges import Direction
from .extent import Extent

_CENTRE = 13
_FULL_CODE, _FACE_CODE = 0b000_11111, 0b111_00000
_FULL_BITS = 5
_LOW_BITS = 63
# Of a word of neighbours, by axis: those before a voxel, beside it and after it.
_ALONG = [
    [sum(1 << bit for bit in range(27) if bit // stride % 3 == step) for step in range(3)]
    for stride in (9, 3, 1)
]


class Face(NamedTuple):
    """A face's voxels in raster order.

    Attributes:
        voxels: int32, flat positions.
        words: int32, earlier words, where what lies behind is later.
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
    connecting = np.int32(_ALONG[face.axis][1] & (ALL if direction.full else FACES))
    return face.voxels[(there & connecting) == 0]


def without_outside_behind(
    work: Workspace,
    critical: Critical,
    faces: list[Face],
    layout: Layout,
    box: Box,
    behind: np.ndarray,
    full: bool,
) -> Critical:
    """Write first neighbours of shared faces on the way down; return the voxels that may merge.

    Args:
        work: codes and roots of the faces are written, of the kind that `full` tells.
        critical: of the chunk as a volume of its own.
        behind: of `behind_faces`.
    """
    inside = _inside(critical, layout, box, behind)
    voxels, words = [inside.voxels], [inside.words]
    for face in faces:
        _cut(work, face.voxels, face.words, face.behind, full)
        voxels.append(face.voxels)
        words.append(face.words | face.behind)
    return Critical(np.concatenate(voxels), np.concatenate(words))


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
def _row_is_shared(z: int, y: int, box: Box, behind: np.ndarray) -> bool:
    along_z = (z == 0 and behind[0] != 0) or (z == box.depth - 1 and behind[1] != 0)
    return along_z or (y == 0 and behind[2] != 0) or (y == box.height - 1 and behind[3] != 0)


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
def _set_first(codes: np.ndarray, roots: np.ndarray, voxel: int, later: int, full: bool) -> None:
    """Write the first of the neighbours in a word, or that there is none."""
    lowest = lowest_bit(later)
    if full:
        first = np.uint8(count_bits(lowest - 1) if later else _FULL_CODE)
        codes[voxel] = (codes[voxel] & np.uint8(_FACE_CODE)) | first
    else:
        face = count_bits((lowest - 1) & FACES) << _FULL_BITS
        first = np.uint8(face if later else _FACE_CODE)
        codes[voxel] = (codes[voxel] & np.uint8(_FULL_CODE)) | first
    bit = np.uint64(1) << np.uint64(voxel & _LOW_BITS)
    if later:
        roots[voxel >> 6] &= ~bit
    else:
        roots[voxel >> 6] |= bit


def _entry_points(
    digest: int,
) -> tuple[Callable[..., tuple[np.ndarray, ...]], Callable[..., Critical], Callable[..., None]]:
    @entry
    def read_face(
        levels: np.ndarray, layout: Layout, box: Box, axis: int, index: int, behind: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the voxels, words and neighbours behind of the plane `index` across an axis."""
        digest  # noqa: B018
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
                    _mark_earlier(own_row[:length], other_row[:length], bit, bit < _CENTRE, row)
                else:
                    end = length * step
                    _mark_earlier(
                        levels[start : start + end : step],
                        levels[other : other + end : step],
                        bit,
                        bit < _CENTRE,
                        row,
                    )
        there = np.empty(n, np.int32)
        for k in range(n):
            there[k] = _behind(voxels[k], layout, box, behind)
        return voxels, words, there

    @entry
    def inside(critical: Critical, layout: Layout, box: Box, behind: np.ndarray) -> Critical:
        """Return the voxels, in raster order as before, without neighbours behind a face."""
        digest  # noqa: B018
        n = critical.voxels.size
        voxels, words = np.empty(n, critical.voxels.dtype), np.empty(n, np.int32)
        first_is_shared, last_is_shared = behind[4] != 0, behind[5] != 0
        y, z, start = 0, 0, layout.first
        row_is_shared = _row_is_shared(z, y, box, behind)
        count = 0
        for k in range(n):
            voxel = critical.voxels[k]
            # No division: there are fewer rows than it would take.
            while voxel >= start + layout.row:
                start += layout.row
                y += 1
                if start >= layout.first + (z + 1) * layout.plane:
                    y, z = 0, z + 1
                row_is_shared = _row_is_shared(z, y, box, behind)
            x = voxel - start
            at_end = (x == 0 and first_is_shared) or (x == box.width - 1 and last_is_shared)
            voxels[count], words[count] = voxel, critical.words[k]
            count += not (row_is_shared or at_end)
        return Critical(voxels[:count], words[:count])

    @entry
    def cut(
        work: Workspace, voxels: np.ndarray, words: np.ndarray, behind: np.ndarray, full: bool
    ) -> None:
        digest  # noqa: B018
        roots = work.full_roots if full else work.face_roots
        connecting = np.int32(ALL if full else FACES)
        for k in range(voxels.size):
            later = ~(words[k] | behind[k]) & connecting
            _set_first(work.codes, roots, voxels[k], later, full)

    return read_face, inside, cut


_read_face, _inside, _cut = _entry_points(source_digest())
