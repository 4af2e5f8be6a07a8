"""Merges of components as voxels enter one by one, with the elder rule.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component, whatever neighbour stands for
it), or several, which it merges. Following first neighbours from any voxel ends at a root, whose
basin the voxel belongs to. Voxels of the last kind are edges between basins, and Kruskal's
algorithm on the basins, which are few, finds the merges. The walks to the roots go in raster order
and only as far as they are needed; on a smooth image nine in ten voxels are never visited.

The same code serves both directions. Ascending, the neighbours already there are the earlier word;
descending, its complement, with the outside as the root that is older than all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .compiling import inlined, inner
from .critical import (
    FACE_CODE,
    FACE_CODE_BITS,
    FACE_POSITIONS,
    FULL_CODE,
    FULL_CODE_BITS,
)
from .disjoint_set import find
from .levels import Layout
from .neighbourhood import (
    ALL,
    FACES,
    PLANE,
    count_bits,
    face_component,
    full_component,
    lowest_bit,
    neighbour_offsets,
)
from .volume import Critical, Workspace

_UNKNOWN = -1
_OUTSIDE = 0
_ONE = np.uint64(1)


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    ascending: from the lowest level up, else from the highest down.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    skipped: voxels of this level, of the levels' dtype, do not take part.
    """

    ascending: bool
    full: bool
    skipped: int


class Merges(NamedTuple):
    """What a direction brought.

    births: flat positions of the voxels that found no neighbour there, in raster order.
    dead: indices of births; `dead[k]` ends when the voxel `voxels[k]` enters.
    voxels: flat positions.
    """

    births: np.ndarray
    dead: np.ndarray
    voxels: np.ndarray


class _Slopes(NamedTuple):
    """Where every voxel's first connecting neighbour leads to.

    basins: 1 + index of the birth at the end of the way, `_OUTSIDE`, or `_UNKNOWN`.
    codes: of `list_critical`.
    shift: which of a voxel's eight bits its code begins with.
    steps: offset behind every code; the last one stands for the border.
    """

    basins: np.ndarray
    codes: np.ndarray
    shift: int
    steps: np.ndarray


class Edges(NamedTuple):
    """Two basins, by their numbers, that meet when a voxel enters."""

    voxels: np.ndarray
    left: np.ndarray
    right: np.ndarray


class _Mergers(NamedTuple):
    """Voxels that touch several components: positions, words, and what `_beyond_first` leaves."""

    voxels: np.ndarray
    words: np.ndarray
    rest: np.ndarray


@inner
def grow(
    work: Workspace, critical: Critical, direction: Direction, layout: Layout, n_levels: int
) -> Merges:
    """Let the voxels enter in order of level; return the roots and the merges.

    Args:
        n_levels: above all levels that take part.
    """
    births, edges = trace(work, critical, direction, layout)
    order = sorted_by_level(work.levels, edges.voxels, n_levels)
    ages = _ages(work.levels, births, direction.ascending)
    dead, voxels = join(edges, order, ages, direction.ascending)
    return Merges(births, dead, voxels)


@inlined
def trace(
    work: Workspace, critical: Critical, direction: Direction, layout: Layout
) -> tuple[np.ndarray, Edges]:
    """Find the roots and the edges between their basins, both in raster order.

    Overwrites `work.basins`.
    """
    inside = np.int32(ALL if layout.plane else PLANE)
    flip = np.int32(0 if direction.ascending else ALL)
    words = np.empty(critical.words.size, np.int32)
    for k in range(words.size):
        words[k] = (critical.words[k] ^ flip) & inside
    connecting = np.int32(ALL if direction.full else FACES)
    rest = np.empty(words.size, np.int32)
    _beyond_first(words, words, connecting, direction.full, rest)
    births, mergers = _births_and_mergers(
        work.levels, critical.voxels, words, connecting, rest, direction.skipped
    )
    slopes = _slopes(work, births, direction.full, layout)
    others = _representatives(mergers, connecting, direction.full)
    return births, _edges(slopes, mergers.voxels, others, layout)


@inner
def _slopes(work: Workspace, births: np.ndarray, full: bool, layout: Layout) -> _Slopes:
    work.basins[: 64 * layout.n_words] = _UNKNOWN
    work.basins[0] = _OUTSIDE
    for k in range(births.size):
        work.basins[births[k]] = k + 1
    offsets = neighbour_offsets(layout)
    if full:
        steps = np.zeros(1 << FULL_CODE_BITS, np.int64)
        steps[:27] = offsets
        return _Slopes(work.basins, work.codes, FULL_CODE, steps)
    steps = np.zeros(1 << FACE_CODE_BITS, np.int64)
    for face in range(6):
        steps[face] = offsets[FACE_POSITIONS[face]]
    return _Slopes(work.basins, work.codes, FACE_CODE, steps)


@inner
def _beyond_first(
    words: np.ndarray, some: np.ndarray, connecting: np.int32, full: bool, rest: np.ndarray
) -> None:
    """Write the connecting neighbours of `some` beyond the component of the first of them."""
    if full:
        for k in range(words.size):
            bits = some[k] & connecting
            rest[k] = bits & ~full_component(words[k], lowest_bit(bits))
    else:
        for k in range(words.size):
            bits = some[k] & connecting
            rest[k] = bits & ~face_component(words[k], lowest_bit(bits))


@inner
def _representatives(mergers: _Mergers, connecting: np.int32, full: bool) -> np.ndarray:
    """One bit of each component in `rest`, or several where a neighbourhood has many."""
    rest = mergers.rest
    found = np.zeros(rest.size, np.int32)
    for _ in range(2):
        for k in range(rest.size):
            found[k] |= lowest_bit(rest[k])
        _beyond_first(mergers.words, rest, connecting, full, rest)
    for k in range(rest.size):
        found[k] |= rest[k]
    return found


@inner
def _births_and_mergers(
    levels: np.ndarray,
    voxels: np.ndarray,
    words: np.ndarray,
    connecting: np.int32,
    rest: np.ndarray,
    skipped: int,
) -> tuple[np.ndarray, _Mergers]:
    """Sort out the voxels without a connecting neighbour and those with several components."""
    births = np.empty(voxels.size + 1, voxels.dtype)
    at = np.empty(voxels.size + 1, voxels.dtype)
    theirs = np.empty(voxels.size + 1, np.int32)
    further = np.empty(voxels.size + 1, np.int32)
    n_births, count = 0, 0
    for k in range(voxels.size):
        if levels[voxels[k]] != skipped:
            births[n_births] = voxels[k]
            n_births += (words[k] & connecting) == 0
            at[count], theirs[count], further[count] = voxels[k], words[k], rest[k]
            count += rest[k] != 0
    return births[:n_births], _Mergers(at[:count], theirs[:count], further[:count])


@inner
def _edges(
    slopes: _Slopes,
    voxels: np.ndarray,
    others: np.ndarray,
    layout: Layout,
) -> Edges:
    """Find the basins that meet at every voxel that merges, in raster order.

    Raster order keeps the walks in the cache, and most voxels turn out to touch one basin only.
    """
    offsets = neighbour_offsets(layout)
    basins, codes, steps, shift = slopes.basins, slopes.codes, slopes.steps, slopes.shift
    # One more, since an edge is written before it is known to join two basins.
    room = 1
    for k in range(others.size):
        room += count_bits(others[k])
    at = np.empty(room, voxels.dtype)
    left, right = np.empty(room, voxels.dtype), np.empty(room, voxels.dtype)
    count = 0
    for k in range(voxels.size):
        voxel = int(voxels[k])
        # The test stands here and not in the function, since calls with many arrays are slow.
        own = int(basins[voxel])
        if own == _UNKNOWN:
            own = _walk(basins, codes, steps, shift, voxel)
        rest = others[k]
        while rest != 0:
            neighbour = voxel + offsets[count_bits(lowest_bit(rest) - 1)]
            other = int(basins[neighbour])
            if other == _UNKNOWN:
                other = _walk(basins, codes, steps, shift, neighbour)
            at[count], left[count], right[count] = voxel, own, other
            count += other != own
            rest &= rest - 1
    return Edges(at[:count], left[:count], right[:count])


@inner
def sorted_by_level(levels: np.ndarray, voxels: np.ndarray, n_levels: int) -> np.ndarray:
    """Return the indices of voxels in the order (level, index)."""
    starts = np.zeros(n_levels + 1, np.int64)
    for voxel in voxels:
        starts[levels[voxel] + 1] += 1
    for level in range(n_levels):
        starts[level + 1] += starts[level]
    ordered = np.empty(voxels.size, np.int64)
    for k in range(voxels.size):
        level = levels[voxels[k]]
        ordered[starts[level]] = k
        starts[level] += 1
    return ordered


@inner
def join(
    edges: Edges, order: np.ndarray, ages: np.ndarray, ascending: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Merge basins along the edges by Kruskal's algorithm; of two roots the younger one dies.

    Args:
        order: indices of edges from the lowest level up.
        ages: int64, of the outside and then of the births; lower for the elder.

    Returns:
        Indices of the births that end, and the voxels that end them.
    """
    parent = np.arange(ages.size).astype(edges.left.dtype)
    # Every merge ends one of the roots.
    dead = np.empty(ages.size, np.int64)
    mergers = np.empty(ages.size, edges.voxels.dtype)
    count = 0
    for i in range(order.size):
        k = order[i if ascending else order.size - 1 - i]
        left, right = find(parent, edges.left[k]), find(parent, edges.right[k])
        if left != right:
            elder, younger = (left, right) if ages[left] < ages[right] else (right, left)
            parent[younger] = elder
            dead[count] = younger - 1
            mergers[count] = edges.voxels[k]
            count += 1
    return dead[:count], mergers[:count]


@inner
def _ages(levels: np.ndarray, births: np.ndarray, ascending: bool) -> np.ndarray:
    """Rank of every root, lower for the elder: by (level, position), the outside first."""
    ages = np.empty(births.size + 1, np.int64)
    ages[_OUTSIDE] = np.iinfo(np.int64).min
    for k in range(births.size):
        age = np.int64(levels[births[k]]) * births.size + k
        ages[k + 1] = age if ascending else -age
    return ages


@inner
def _walk(basins: np.ndarray, codes: np.ndarray, steps: np.ndarray, shift: int, voxel: int) -> int:
    """Find the basin of a voxel, and note it for all voxels on the way.

    On the way there each voxel holds the next one, as a number below `_UNKNOWN`.
    """
    end = voxel
    basin = _UNKNOWN
    while basin == _UNKNOWN:
        following = _step(codes, steps, shift, end)
        basins[end] = _UNKNOWN - 1 - following
        end = following
        basin = int(basins[end])
    while voxel != end:
        following = _UNKNOWN - 1 - int(basins[voxel])
        basins[voxel] = basin
        voxel = following
    return basin


@inlined
def _step(codes: np.ndarray, steps: np.ndarray, shift: int, voxel: int) -> int:
    """First of the voxel's connecting neighbours, or position 0, which is outside."""
    word = codes[8 * (voxel >> 6) : 8 * (voxel >> 6) + 8]
    place = np.uint64(voxel & 63)
    bits = np.uint64(0)
    for bit in range(8):
        bits |= ((word[bit] >> place) & _ONE) << np.uint64(bit)
    last = steps.size - 1
    code = (int(bits) >> shift) & last
    return 0 if code == last else voxel + steps[code]
