"""What every voxel does as it enters: which local components of its neighbours it meets.

A run of words goes through all steps while it is in the first-level cache: bits of the neighbours
on either side of the order, a representative of each of their local components, and these as bytes.
A voxel with one component on both sides is *simple* and changes no Betti number (Bertrand and
Malandain 1994); the others are critical, on smooth images a few in a hundred.
"""

from __future__ import annotations

import numpy as np

from ..compiling import inner, making
from ..padded.layout import RUN, Layout
from ..padded.workspace import Workspace
from .neighbour_lanes import NONE, compare_in_plane, compare_in_space, spread_eight, spread_six
from .neighbourhood import neighbour_offsets
from .representatives import (
    CORNER,
    CRITICAL,
    FACE,
    FACE_MERGES,
    FACE_ROOTS,
    FULL_MERGES,
    FULL_ROOTS,
    SIZE,
    represent_in_plane,
    represent_in_space,
)


@making
def classify(work: Workspace, layout: Layout, top: bool) -> None:
    """Write codes, representatives and the bits of roots, mergers and critical voxels.

    Args:
        work: `levels` are read, and set all around the voxels; the others are written.
        top: T-construction, in which 26-connected (8 in 2-D) are earlier neighbours, else V, in
            which later ones are.
    """
    first, last = layout.first // 64, (layout.last + 63) // 64
    _write_outside(work, 0, first)
    _write_outside(work, last, layout.n_words)
    offsets = neighbour_offsets(layout)
    flip = np.uint64(0) if top else ~np.uint64(0)
    slices = np.zeros(SIZE, np.uint64)
    for start in range(first, last, RUN):
        n = min(RUN, last - start)
        _compare(work, layout, offsets, flip, slices, start, n)
        if layout.plane:
            represent_in_space(slices)
        else:
            represent_in_plane(slices)
        for j in range(n):
            spread_eight(slices, CORNER + j, RUN, work.full, 64 * (start + j))
            spread_six(slices, FACE + j, RUN, work.face, 64 * (start + j))
        _copy(slices, FULL_ROOTS, work.full_roots, start, n)
        _copy(slices, FULL_MERGES, work.full_merges, start, n)
        _copy(slices, FACE_ROOTS, work.face_roots, start, n)
        _copy(slices, FACE_MERGES, work.face_merges, start, n)
        _copy(slices, CRITICAL, work.critical, start, n)


@inner
def _compare(
    work: Workspace,
    layout: Layout,
    offsets: np.ndarray,
    flip: np.uint64,
    slices: np.ndarray,
    start: int,
    n: int,
) -> None:
    if layout.plane:
        for j in range(n):
            at = 64 * (start + j)
            compare_in_space(work.levels, at, offsets, flip, slices, j, RUN, work.codes)
    else:
        for j in range(n):
            at = 64 * (start + j)
            compare_in_plane(work.levels, at, offsets, flip, slices, j, RUN, work.codes)


@inner
def _copy(slices: np.ndarray, first: int, bits: np.ndarray, start: int, n: int) -> None:
    for j in range(n):
        bits[start + j] = slices[first + j]


@inner
def _write_outside(work: Workspace, first: int, last: int) -> None:
    """Write what belongs to words `first <= w < last` of nothing but border."""
    for word in range(first, last):
        work.full_roots[word] = 0
        work.full_merges[word] = 0
        work.face_roots[word] = 0
        work.face_merges[word] = 0
        work.critical[word] = 0
    for voxel in range(64 * first, 64 * last):
        work.codes[voxel] = NONE
        work.face[voxel] = 0
