"""One volume made ready: its levels on the padded grid and its critical voxels."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .bitplanes import border_level, plane_count, write_planes
from .codes import write_codes_outside
from .compiling import inlined, inner
from .critical import list_critical
from .levels import (
    Box,
    Layout,
    bounding_box,
    copy_grid,
    fill_border,
    padded_layout,
    write_levels,
)
from .order import earlier_offsets, write_order
from .rows import CHUNK

# So many words at a time that their planes and order stay in the cache until they are read.
_SLAB = 512
_LARGEST_KEPT = 256 * 2**20
_MOST_KEPT = os.cpu_count() or 1


class Workspace(NamedTuple):
    """Arrays over the padded volume, reused from sample to sample.

    levels: uint8, uint32 or uint64, the first that holds all levels.
    planes, order: uint64, flat; see `bitplanes` and `order`.
    codes: uint8; see `codes`.
    full_roots, face_roots: uint64; see `codes`.
    ranks, milestones: see `basins`; int32 where all positions fit, else int64.
    voxels, words: room for the critical voxels; positions of the same dtype, and int32.
    edge_voxels, edge_left, edge_right: room for as many edges as half of the voxels.
    """

    levels: np.ndarray
    planes: np.ndarray
    order: np.ndarray
    codes: np.ndarray
    full_roots: np.ndarray
    face_roots: np.ndarray
    ranks: np.ndarray
    milestones: np.ndarray
    voxels: np.ndarray
    words: np.ndarray
    edge_voxels: np.ndarray
    edge_left: np.ndarray
    edge_right: np.ndarray


# Length and dtype of every array of a workspace.
_Sizes = dict[str, tuple[int, type[np.integer]]]


class _Idle(NamedTuple):
    sizes: _Sizes
    n_bytes: int
    work: Workspace


_idle: list[_Idle] = []
_lock = threading.Lock()


class Critical(NamedTuple):
    """Critical voxels in raster order: flat positions, and earlier words, int32."""

    voxels: np.ndarray
    words: np.ndarray


class Volume(NamedTuple):
    """A volume whose Betti numbers can be counted; `box.depth` is 0 where nothing ever enters."""

    box: Box
    layout: Layout
    critical: Critical


@contextmanager
def borrowed_workspace(
    shape: tuple[int, ...], n_levels: int, volumetric: bool
) -> Iterator[Workspace]:
    """Lend work arrays for volumes of up to `shape` (D, H, W): idle ones that fit, or new ones.

    Touching new memory takes longer than the work on a small volume, so that up to 256 MiB are
    kept for the next borrower, at most one a processor. Not compiled, since numpy asks the system
    for large pages.
    """
    idle = _take_idle(_sizes(shape, n_levels, volumetric))
    try:
        yield idle.work
    finally:
        _give_back(idle)


@lru_cache
def _sizes(shape: tuple[int, ...], n_levels: int, volumetric: bool) -> _Sizes:
    # As plain Python: compiling them would take longer.
    n_words = padded_layout.py_func(Box(0, 0, 0, *shape), volumetric).n_words
    n_planes = plane_count.py_func(n_levels)
    levels = np.uint8 if n_planes <= 8 else np.uint32 if n_planes <= 32 else np.uint64
    positions = np.int32 if 64 * n_words < 2**31 else np.int64
    return {
        "levels": (64 * n_words, levels),
        "planes": (n_planes * n_words, np.uint64),
        "order": ((13 if volumetric else 4) * n_words, np.uint64),
        "codes": (64 * (n_words + CHUNK), np.uint8),
        "full_roots": (n_words + CHUNK, np.uint64),
        "face_roots": (n_words + CHUNK, np.uint64),
        "ranks": (n_words, positions),
        "milestones": (4 * n_words, positions),
        "voxels": (64 * n_words, positions),
        "words": (64 * n_words, np.int32),
        "edge_voxels": (32 * n_words, positions),
        "edge_left": (32 * n_words, positions),
        "edge_right": (32 * n_words, positions),
    }


def _take_idle(sizes: _Sizes) -> _Idle:
    """Take idle work arrays of these sizes or larger ones out of the list, or make new ones."""
    with _lock:
        for k in reversed(range(len(_idle))):
            kept = _idle[k].sizes
            if kept is sizes or all(
                kept[name][0] >= size and kept[name][1] == dtype
                for name, (size, dtype) in sizes.items()
            ):
                return _idle.pop(k)
    work = Workspace(**{name: np.empty(size, dtype) for name, (size, dtype) in sizes.items()})
    return _Idle(sizes, sum(array.nbytes for array in work), work)


def _give_back(idle: _Idle) -> None:
    with _lock:
        _idle.append(idle)
        del _idle[:-_MOST_KEPT]
        while sum(kept.n_bytes for kept in _idle) > _LARGEST_KEPT:
            del _idle[0]


@inlined
def load_volume(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> Volume:
    """Fill `work.levels` and list the critical voxels.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
    """
    box = place_volume(work, values, mask, grid, volumetric)
    return list_volume(work, box, grid.size, volumetric, top)


@inner
def place_volume(
    work: Workspace, values: np.ndarray, mask: np.ndarray, grid: np.ndarray, volumetric: bool
) -> Box:
    """Fill `work.levels` with the box of the mask; return the box, of depth 0 where it is empty."""
    box = bounding_box(mask) if mask.size else Box(0, 0, 0, *values.shape)
    if box.depth > 0:
        border = border_level(grid.size)
        layout = padded_layout(box, volumetric)
        fill_border(work.levels, border, layout)
        steps = np.empty(grid.size, np.float64)
        copy_grid(grid, steps)
        write_levels(values, mask, steps, box, layout, work.levels)
    return box


@inlined
def list_volume(work: Workspace, box: Box, n_levels: int, volumetric: bool, top: bool) -> Volume:
    """List the critical voxels of a box, by `work.levels`."""
    layout = padded_layout(box, volumetric)
    if box.depth == 0:
        nothing = Critical(np.empty(0, work.voxels.dtype), np.empty(0, np.int32))
        return Volume(box, layout, nothing)
    return Volume(box, layout, classify(work, plane_count(n_levels), layout, top))


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
        count = list_critical(
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
