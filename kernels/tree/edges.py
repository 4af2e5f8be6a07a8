"""Edges between basins: the voxels at which components meet, and the basins that they join.

A voxel that enters touches some local components among the neighbours that are already there: none
(it is the root of a new component), one (it joins that component, whatever neighbour stands for
it), or several, which it merges. Voxels of the last kind are edges between the basins of the roots
that first neighbours lead to. On a smooth image nine in ten voxels are never visited.

The same code serves both directions. Ascending, the neighbours already there are the earlier word;
descending, its complement, with the outside as the root that is older than all. `ALGORITHM.md`
proves that any neighbour may stand for its component, and that basins are enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inlined, inner
from ..padded.layout import Layout
from ..padded.workspace import Workspace
from ..simple.critical import Critical
from ..simple.first_neighbours import steps_to_first
from ..simple.neighbourhood import (
    ALL,
    FACES,
    PLANE,
    count_bits,
    face_component,
    full_component,
    lowest_bit,
    neighbour_offsets,
)
from .basins import Slopes, find_basins, rank_roots

# So many critical voxels at a time that all about them stays in the cache.
_BLOCK = 2048


class Direction(NamedTuple):
    """Which voxels enter in which order, and which neighbours connect.

    ascending: from the lowest level up, else from the highest down.
    full: components are 26-connected (8 in 2-D), else 6-connected (4).
    """

    ascending: bool
    full: bool


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
