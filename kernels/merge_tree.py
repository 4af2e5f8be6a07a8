"""Merges of components as voxels enter one by one, with the elder rule.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component, whatever neighbour stands for
it), or several, which it merges. Voxels of the last kind are edges between the basins of the roots
that first neighbours lead to, and Kruskal's algorithm on the basins, which are few, finds the
merges. On a smooth image nine in ten voxels are never visited.

The same code serves both directions. Ascending, the neighbours already there are the earlier word;
descending, its complement, with the outside as the root that is older than all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .basins import OUTSIDE, Slopes, find_basins, rank_roots
from .codes import steps_to_first
from .compiling import inlined, inner
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

# So many critical voxels at a time that all about them stays in the cache.
_BLOCK = 2048


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    ascending: from the lowest level up, else from the highest down.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    """

    ascending: bool
    full: bool


class Merges(NamedTuple):
    """What a direction brought, as flat positions.

    births: the voxels that found no neighbour there, in raster order.
    ends: the voxel that merges the component of each birth into an elder one; 0, which is border,
        where there is none.
    """

    births: np.ndarray
    ends: np.ndarray


class Edges(NamedTuple):
    """Two basins, by their numbers, that meet when a voxel enters; arrays of one length."""

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
        work: `order` is overwritten, and what `trace` overwrites.
        n_levels: above the levels of all voxels.
    """
    births, edges = trace(work, critical, direction, layout)
    # What classification no longer needs has room for the indices of most images' edges.
    room = work.order.view(work.voxels.dtype)
    if room.size < edges.voxels.size:
        room = np.empty(edges.voxels.size, work.voxels.dtype)
    order = room[: edges.voxels.size]
    _sort_by_level(work.levels, edges.voxels, n_levels, order)
    birth_levels = np.empty(births.size, work.levels.dtype)
    for k in range(births.size):
        birth_levels[k] = work.levels[births[k]]
    return Merges(births, join(edges, order, birth_levels, direction.ascending))


@inner
def change_by_level(levels: np.ndarray, merges: Merges, n_levels: int) -> np.ndarray:
    """Return births less ends of every level, int64 (n_levels,)."""
    change = np.zeros(n_levels, np.int64)
    for k in range(merges.births.size):
        change[levels[merges.births[k]]] += 1
        if merges.ends[k] > 0:
            change[levels[merges.ends[k]]] -= 1
    return change


@inlined
def trace(
    work: Workspace, critical: Critical, direction: Direction, layout: Layout
) -> tuple[np.ndarray, Edges]:
    """Find the roots and the edges between their basins, both in raster order.

    The edges may lie in `work`, whose `ranks` and `milestones` are overwritten as well.
    """
    roots = work.full_roots if direction.full else work.face_roots
    births = rank_roots(roots, layout.n_words, work.ranks)
    steps = steps_to_first(layout, direction.full)
    slopes = Slopes(work.codes, steps, roots, work.ranks, work.milestones)
    room = Edges(work.edge_voxels, work.edge_left, work.edge_right)
    return births, _list_edges(slopes, critical, direction, layout, room)


@inner
def _list_edges(
    slopes: Slopes, critical: Critical, direction: Direction, layout: Layout, edges: Edges
) -> Edges:
    """List what meets at every critical voxel, in `edges` or, where they are too few, in more."""
    inside = np.int32(ALL if layout.plane else PLANE)
    flip = np.int32(0 if direction.ascending else ALL)
    offsets = neighbour_offsets(layout)
    words = np.empty(_BLOCK, np.int32)
    # Not 0, for whose literal type numba would compile once more.
    count = np.int64(0)
    for start in range(0, critical.voxels.size, _BLOCK):
        n = min(_BLOCK, critical.voxels.size - start)
        earlier = critical.words[start : start + n]
        for k in range(n):
            words[k] = (earlier[k] ^ flip) & inside
        mergers = _mergers(critical.voxels[start : start + n], words[:n], direction.full)
        others = _representatives(mergers, direction.full)
        found = _meetings(slopes, mergers.voxels, others, offsets, layout.n_words)
        edges = _append(edges, count, found)
        count += found.voxels.size
    return Edges(edges.voxels[:count], edges.left[:count], edges.right[:count])


@inner
def _mergers(voxels: np.ndarray, words: np.ndarray, full: bool) -> _Mergers:
    """Pick the voxels with several components among the neighbours in their words."""
    rest = np.empty(words.size, np.int32)
    _beyond_first(words, words, full, rest)
    which = np.empty(words.size + 1, np.int32)
    count = 0
    for k in range(words.size):
        which[count] = k
        count += rest[k] != 0
    mergers = _Mergers(
        np.empty(count, voxels.dtype), np.empty(count, np.int32), np.empty(count, np.int32)
    )
    for i in range(count):
        k = which[i]
        mergers.voxels[i], mergers.words[i], mergers.rest[i] = voxels[k], words[k], rest[k]
    return mergers


@inner
def _beyond_first(words: np.ndarray, some: np.ndarray, full: bool, rest: np.ndarray) -> None:
    """Write the connecting neighbours of `some` beyond the component of the first of them."""
    if full:
        for k in range(words.size):
            bits = some[k]
            rest[k] = bits & ~full_component(words[k], lowest_bit(bits))
    else:
        for k in range(words.size):
            bits = some[k] & np.int32(FACES)
            rest[k] = bits & ~face_component(words[k], lowest_bit(bits))


@inner
def _representatives(mergers: _Mergers, full: bool) -> np.ndarray:
    """One bit of each component in `rest`, or several where a neighbourhood has many."""
    rest = mergers.rest
    beyond_second = np.empty(rest.size, np.int32)
    found = np.empty(rest.size, np.int32)
    _beyond_first(mergers.words, rest, full, beyond_second)
    _beyond_first(mergers.words, beyond_second, full, found)
    for k in range(rest.size):
        found[k] |= lowest_bit(rest[k]) | lowest_bit(beyond_second[k])
    return found


@inner
def _meetings(
    slopes: Slopes, voxels: np.ndarray, others: np.ndarray, offsets: np.ndarray, n_words: int
) -> Edges:
    """Find the basins that meet at every voxel that merges, without those that are the same."""
    room = 0
    for k in range(others.size):
        room += count_bits(others[k])
    # First the voxels themselves, whose own first neighbour stands for one component.
    basins = np.empty(voxels.size + room, voxels.dtype)
    merger = np.empty(room, np.int32)
    count = 0
    for k in range(voxels.size):
        basins[k] = voxels[k]
        rest = others[k]
        while rest != 0:
            basins[voxels.size + count] = voxels[k] + offsets[count_bits(lowest_bit(rest) - 1)]
            merger[count] = k
            count += 1
            rest &= rest - 1
    find_basins(slopes, basins, n_words)
    # One more, since an edge is written before it is known to join two basins.
    at = np.empty(room + 1, voxels.dtype)
    left, right = np.empty(room + 1, voxels.dtype), np.empty(room + 1, voxels.dtype)
    count = 0
    for i in range(room):
        k = merger[i]
        at[count], left[count], right[count] = voxels[k], basins[k], basins[voxels.size + i]
        count += left[count] != right[count]
    return Edges(at[:count], left[:count], right[:count])


@inner
def _append(edges: Edges, count: int, more: Edges) -> Edges:
    """Write `more` behind the first `count` edges; return them in larger arrays where needed."""
    total = count + more.voxels.size
    if total > edges.voxels.size:
        size = 2 * total
        larger = Edges(
            np.empty(size, edges.voxels.dtype),
            np.empty(size, edges.left.dtype),
            np.empty(size, edges.right.dtype),
        )
        _copy(edges, count, larger, 0)
        edges = larger
    _copy(more, more.voxels.size, edges, count)
    return edges


@inner
def _copy(edges: Edges, count: int, others: Edges, start: int) -> None:
    for k in range(count):
        others.voxels[start + k] = edges.voxels[k]
        others.left[start + k] = edges.left[k]
        others.right[start + k] = edges.right[k]


@inner
def _sort_by_level(
    levels: np.ndarray, voxels: np.ndarray, n_levels: int, ordered: np.ndarray
) -> None:
    """Write the indices of voxels in the order (level, index)."""
    starts = np.zeros(n_levels + 1, np.int64)
    for voxel in voxels:
        starts[levels[voxel] + 1] += 1
    for level in range(n_levels):
        starts[level + 1] += starts[level]
    for k in range(voxels.size):
        level = levels[voxels[k]]
        ordered[starts[level]] = k
        starts[level] += 1


@inner
def join(edges: Edges, order: np.ndarray, birth_levels: np.ndarray, ascending: bool) -> np.ndarray:
    """Merge basins along the edges by Kruskal's algorithm; of two roots the younger one dies.

    Args:
        order: indices of edges from the lowest level up.
        birth_levels: unsigned, of the births.

    Returns:
        For every birth the voxel that ends it, or 0.
    """
    parent = np.empty(birth_levels.size + 1, edges.left.dtype)
    for k in range(parent.size):
        parent[k] = k
    ends = np.zeros(birth_levels.size, edges.voxels.dtype)
    for i in range(order.size):
        k = order[i if ascending else order.size - 1 - i]
        left, right = find(parent, edges.left[k]), find(parent, edges.right[k])
        if left != right:
            # Of two basins the first is the lower number, which the outside always is.
            first, second = min(left, right), max(left, right)
            if first == OUTSIDE or _first_is_elder(
                birth_levels[first - 1], birth_levels[second - 1], ascending
            ):
                elder, younger = first, second
            else:
                elder, younger = second, first
            parent[younger] = elder
            ends[younger - 1] = edges.voxels[k]
    return ends


@inner
def _first_is_elder(first: int, second: int, ascending: bool) -> bool:
    """Tell by the levels of two roots whether the one that is first in the raster entered first."""
    return first <= second if ascending else first > second
