"""The work arrays of one volume, lent from sample to sample.

`ALGORITHM.md` says which stage owns which of them when.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .layout import RUN, Box, padded_layout
from .levels import plane_count

_LARGEST_KEPT = 256 * 2**20
_MOST_KEPT = os.cpu_count() or 1


class Workspace(NamedTuple):
    """Arrays over the padded volume, reused from sample to sample.

    levels: uint8, uint32 or uint64, the first that holds all levels.
    planes, order: uint64, flat; see `bit_planes` and `total_order`.
    codes: uint8; see `first_neighbours`.
    full_roots, face_roots: uint64; see `first_neighbours`.
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
        "codes": (64 * (n_words + RUN), np.uint8),
        "full_roots": (n_words + RUN, np.uint64),
        "face_roots": (n_words + RUN, np.uint64),
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
