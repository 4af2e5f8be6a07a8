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

from ..compiling import making
from .layout import Box, padded_layout

_LARGEST_KEPT = 256 * 2**20
_MOST_KEPT = os.cpu_count() or 1


class Workspace(NamedTuple):
    """Arrays over the padded volume, reused from sample to sample.

    levels: uint8, uint32 or uint64, the first that holds all levels.
    codes: uint8; number of the first 26-connected neighbour (8 in 2-D), or `NONE`.
    full, face: uint8; representatives of local components, at corners and faces.
    full_roots, full_merges: uint64, a bit a voxel; who meets no 26-component, or several.
    face_roots, face_merges: uint64; the same of 6-components (4 in 2-D).
    critical: uint64; voxels that are not simple.
    ranks, milestones: see `basins`; int32 where all positions fit, else int64.
    left, right: of the same dtype, room for as many edges as half of the voxels.
    """

    levels: np.ndarray
    codes: np.ndarray
    full: np.ndarray
    face: np.ndarray
    full_roots: np.ndarray
    full_merges: np.ndarray
    face_roots: np.ndarray
    face_merges: np.ndarray
    critical: np.ndarray
    ranks: np.ndarray
    milestones: np.ndarray
    left: np.ndarray
    right: np.ndarray


class Blocks(NamedTuple):
    """The arrays that those of a workspace are cut from: few, since each costs a call time."""

    levels: np.ndarray
    octets: np.ndarray
    words: np.ndarray
    positions: np.ndarray


@making
def workspace_of(blocks: Blocks) -> Workspace:
    """Cut the arrays of a workspace, also in plain Python."""
    octets, words, positions = blocks.octets, blocks.words, blocks.positions
    n = words.size // 5
    lanes = 64 * n
    return Workspace(
        blocks.levels,
        octets[:lanes],
        octets[lanes : 2 * lanes],
        octets[2 * lanes :],
        words[:n],
        words[n : 2 * n],
        words[2 * n : 3 * n],
        words[3 * n : 4 * n],
        words[4 * n :],
        positions[:n],
        positions[n : 5 * n],
        positions[5 * n : 37 * n],
        positions[37 * n :],
    )


# Length and dtype of every array of a workspace.
_Sizes = dict[str, tuple[int, type[np.integer]]]


class _Idle(NamedTuple):
    sizes: _Sizes
    n_bytes: int
    blocks: Blocks


_idle: list[_Idle] = []
_lock = threading.Lock()


class BlocksLoan:
    """Blocks, for a `with` statement; as a generator it would take longer than the checks."""

    def __init__(self, idle: _Idle) -> None:
        self._idle = idle

    def __enter__(self) -> Blocks:
        return self._idle.blocks

    def __exit__(self, *error: object) -> None:
        _give_back(self._idle)


@contextmanager
def borrowed_workspace(
    shape: tuple[int, ...], n_levels: int, volumetric: bool
) -> Iterator[Workspace]:
    """Lend work arrays as `borrowed_blocks` does, cut."""
    with borrowed_blocks(shape, n_levels, volumetric) as blocks:
        yield workspace_of.py_func(blocks)


def borrowed_blocks(shape: tuple[int, ...], n_levels: int, volumetric: bool) -> BlocksLoan:
    """Lend work arrays for volumes of up to `shape` (D, H, W): idle ones that fit, or new ones.

    Touching new memory takes longer than the work on a small volume, so that up to 256 MiB are
    kept for the next borrower, at most one a processor. Not compiled, since numpy asks the system
    for large pages.
    """
    return BlocksLoan(_take_idle(_sizes(shape, n_levels, volumetric)))


@lru_cache
def _sizes(shape: tuple[int, ...], n_levels: int, volumetric: bool) -> _Sizes:
    # As plain Python: compiling them would take longer.
    n_words = padded_layout.py_func(Box(0, 0, 0, *shape), volumetric).n_words
    positions = np.int32 if 64 * n_words < 2**31 else np.int64
    lanes = 64 * n_words
    return {
        "levels": (lanes, level_dtype(n_levels)),
        "octets": (3 * lanes, np.uint8),
        "words": (5 * n_words, np.uint64),
        "positions": (69 * n_words, positions),
    }


def level_dtype(n_levels: int) -> type[np.integer]:
    """Return the type of levels 0 to N, and of the border's, all of whose bits are set."""
    sizes = (np.uint8, np.uint32, np.uint64)
    return next(dtype for dtype in sizes if n_levels < np.iinfo(dtype).max)


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
    blocks = Blocks(**{name: np.empty(size, dtype) for name, (size, dtype) in sizes.items()})
    return _Idle(sizes, sum(array.nbytes for array in blocks), blocks)


def _give_back(idle: _Idle) -> None:
    with _lock:
        _idle.append(idle)
        # Most often these are the only ones, and small.
        if len(_idle) > 1 or idle.n_bytes > _LARGEST_KEPT:
            del _idle[:-_MOST_KEPT]
            while sum(kept.n_bytes for kept in _idle) > _LARGEST_KEPT:
                del _idle[0]
