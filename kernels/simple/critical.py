"""Which voxels can change a Betti number as they enter: all that are not simple.

A slab of the volume goes through all steps while it is in the cache: bit planes, total order, bit
slices of neighbourhoods, first neighbours, simple voxels. The critical ones are listed in raster
order; on smooth images they are a few in a hundred.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inlined, inner
from ..padded.layout import RUN, Layout
from ..padded.workspace import Workspace
from .bit_planes import popcount, write_planes
from .bit_slices import BORDER, RESULT, SIZE, load_slices
from .collecting import append_dense, append_sparse, write_words
from .first_neighbours import write_codes, write_codes_outside
from .neighbourhood import ALL, PLANE
from .simple_voxels import mark_not_simple, mark_not_simple_in_plane
from .total_order import earlier_offsets, write_order

# So many words at a time that their planes and order stay in the cache until they are read.
_SLAB = 512


class Critical(NamedTuple):
    """Critical voxels in raster order: flat positions, and earlier words, int32."""

    voxels: np.ndarray
    words: np.ndarray


@inlined
def classify(work: Workspace, n_planes: int, layout: Layout, top: bool) -> Critical:
    """List the critical voxels by `work.levels`; overwrites the rest of `work`."""
    n_words = layout.n_words
    first, last = layout.first // 64, (layout.last + 63) // 64
    # Not 0, for whose literal type numba would compile once more.
    count = start = int(np.int64(0))
    write_codes_outside(work.codes, work.full_roots, work.face_roots, start, first)
    offsets = earlier_offsets(layout)
    # A word of order is read for neighbours up to so many words before it.
    reach = int(offsets[0]) // 64 + 2
    write_planes(work.levels, n_planes, n_words, start, first, work.planes)
    known = first
    for start in range(first, last, _SLAB):
        stop = min(start + _SLAB, last)
        ahead = min(stop + reach, n_words - 1)
        write_planes(work.levels, n_planes, n_words, known, ahead, work.planes)
        write_order(work.planes, n_planes, offsets, n_words, known, ahead, work.order)
        known = ahead
        count = _list_critical(
            work.planes,
            n_planes,
            work.order,
            offsets,
            layout,
            top,
            work.codes,
            work.full_roots,
            work.face_roots,
            start,
            stop,
            work.voxels,
            work.words,
            count,
        )
    # At the end, since whole runs of words are written, of which the last one is seldom full.
    write_codes_outside(work.codes, work.full_roots, work.face_roots, last, n_words)
    return Critical(work.voxels[:count], work.words[:count])


@inlined
def _list_critical(
    planes: np.ndarray,
    n_planes: int,
    order: np.ndarray,
    offsets: np.ndarray,
    layout: Layout,
    top: bool,
    codes: np.ndarray,
    full_roots: np.ndarray,
    face_roots: np.ndarray,
    first: int,
    last: int,
    voxels: np.ndarray,
    words: np.ndarray,
    count: int,
) -> int:
    """List the voxels of a run of words that are not simple, and write codes and roots.

    Args:
        planes: uint64 (B W,), of `write_planes`.
        order: uint64 (K W,), of `write_order`.
        offsets: int64 (K,), of `earlier_offsets`.
        top: T-construction, else V.
        codes: uint8, 64 a word and room for `RUN` words more; written.
        full_roots, face_roots: uint64, with room for `RUN` words more; written.
        first, last: words `first <= w < last` are tested; `order` must be known as far ahead as
            voxels have neighbours.
        voxels: flat positions in raster order, room for all; written from `count` on.
        words: int32, earlier words (see `neighbourhood`), room for all; written.
        count: critical voxels so far.

    Returns:
        The number of critical voxels.
    """
    slices = np.zeros(SIZE, np.uint64)
    columns = np.empty(64 * RUN, np.uint32)
    flip = np.uint32(0 if top else (ALL if layout.plane else PLANE))
    eights = codes.view(np.uint64)
    for start in range(first, last, RUN):
        n = min(RUN, last - start)
        load_slices(planes, n_planes, order, offsets, layout.n_words, start, n, top, slices)
        write_codes(
            slices, layout.plane > 0, eights[8 * start :], full_roots[start:], face_roots[start:]
        )
        if layout.plane:
            mark_not_simple(slices)
        else:
            mark_not_simple_in_plane(slices)
        if _leave_out_border(slices, n) > 4 * RUN:
            # Where many are critical, transposing all costs less than collecting one by one.
            write_words(slices, flip, columns)
            count = append_dense(slices, columns, start, voxels, words, count)
        else:
            count = append_sparse(slices, flip, start, voxels, words, count)
    return count


@inner
def _leave_out_border(slices: np.ndarray, n: int) -> int:
    """Clear the results on the border and behind the last word; count the others."""
    count = 0
    for j in range(n, RUN):
        slices[RESULT + j] = 0
    for j in range(RUN):
        slices[RESULT + j] &= ~slices[BORDER + j]
        count += int(popcount(slices[RESULT + j]))
    return count
