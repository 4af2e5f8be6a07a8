"""Merges of components as voxels enter one by one, with the elder rule.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component, and any of those neighbours will
do as its parent, in whatever order the voxels are visited), or several, which it merges. Only
voxels of the last kind are sorted and taken to the disjoint set; on a smooth image they are few.

The same code serves both directions. Ascending, the neighbours already there are the earlier word;
descending, its complement, with the outside as the root that is older than all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .disjoint_set import find, sort_by_level
from .levels import Layout
from .neighbourhood import (
    ALL,
    FACES,
    count_bits,
    lowest_bit,
    neighbour_offsets,
    other_face_components,
    other_full_components,
)
from .workspace import Workspace


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    flip: 0 (ascending) or `ALL` (descending), xor-ed with the earlier word.
    allowed: `ALL`, or `PLANE` for a 2-D image.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    last_level: voxels above this level do not take part.
    """

    flip: int
    allowed: int
    full: bool
    last_level: int


@njit(cache=True, nogil=True)
def grow(work: Workspace, direction: Direction, layout: Layout, births: np.ndarray) -> int:
    """Let the voxels enter in order; record the roots and the merges.

    Args:
        work: `levels` and `words` filled; the other arrays are written.
        births: int64, one more than `last_level`; the roots of each level are added to it.

    Returns:
        The number of merges, in `work.merged` and `work.merging`.
    """
    offsets = neighbour_offsets(layout)
    _write_other_components(work, direction, layout)
    count = _attach(work, direction, layout, offsets, births)
    sort_by_level(work.critical, count, work.levels, direction.last_level + 1, work.ordered)
    return _merge(work, direction, count, offsets)


@njit(cache=True, nogil=True)
def _write_other_components(work: Workspace, direction: Direction, layout: Layout) -> None:
    words, others = work.words, work.others
    flip, allowed = direction.flip, direction.allowed
    if direction.full:
        for i in range(layout.first, layout.last):
            others[i] = other_full_components((words[i] ^ flip) & allowed)
    else:
        for i in range(layout.first, layout.last):
            others[i] = other_face_components((words[i] ^ flip) & allowed)


@njit(cache=True, nogil=True)
def _attach(
    work: Workspace, direction: Direction, layout: Layout, offsets: np.ndarray, births: np.ndarray
) -> int:
    levels, words, others, parent = work.levels, work.words, work.others, work.parent
    connecting = direction.allowed & (ALL if direction.full else FACES)
    # The border is one set, the outside, with position 0 as its root.
    parent[: layout.size] = 0
    count = 0
    for i in range(layout.first, layout.last):
        if levels[i] > direction.last_level:
            continue
        word = (words[i] ^ direction.flip) & connecting
        if word == 0:
            parent[i] = i
            births[levels[i]] += 1
            continue
        parent[i] = i + offsets[count_bits(lowest_bit(word) - 1)]
        if others[i] != 0:
            work.critical[count] = i
            count += 1
    return count


@njit(cache=True, nogil=True)
def _merge(work: Workspace, direction: Direction, count: int, offsets: np.ndarray) -> int:
    levels, parent = work.levels, work.parent
    descending = direction.flip != 0
    merges = 0
    for k in range(count):
        voxel = int(work.ordered[count - 1 - k if descending else k])
        root = find(parent, voxel)
        rest = int(work.others[voxel])
        while rest != 0:
            other = find(parent, voxel + offsets[count_bits(lowest_bit(rest) - 1)])
            if other != root:
                lower = (levels[other], other) < (levels[root], root)
                elder, younger = (other, root) if lower != descending else (root, other)
                parent[younger] = elder
                work.merged[merges] = younger
                work.merging[merges] = voxel
                merges += 1
                root = elder
            rest = other_full_components(rest) if direction.full else rest & (rest - 1)
    return merges
