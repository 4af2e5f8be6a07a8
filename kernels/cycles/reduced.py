"""Cycles that have been reduced: all that later ones are reduced with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making
from .chain import add_edges, edges_of
from .queue import slot, voxel_of


class Reduced(NamedTuple):
    """Cycles by number, from 1 on, without the edges at their latest voxels.

    latest: int32, by voxel, the last found of the cycles of which it is the latest, or 0.
    following: int32, by cycle, the one found before it with the same latest voxel, or 0.
    left_over: uint8, by cycle, its directions at its latest voxel, of which the highest bit is its
        pivot: no two cycles have it in common.
    starts, stops: int64, by cycle, where its edges begin and end; stops[0], where those of all end.
    owners, edges: uint32 and uint8, voxels that own edges, and these.
    """

    latest: np.ndarray
    following: np.ndarray
    left_over: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    owners: np.ndarray
    edges: np.ndarray


@making
def nothing_reduced(n_voxels: int, n_cycles: int) -> Reduced:
    """No cycle, and room for the numbers of as many as there can be."""
    return Reduced(
        np.zeros(n_voxels, np.int32),
        np.empty(n_cycles + 1, np.int32),
        np.empty(n_cycles + 1, np.uint8),
        np.empty(n_cycles + 1, np.int64),
        np.zeros(n_cycles + 1, np.int64),
        np.empty(1024, np.uint32),
        np.empty(1024, np.uint8),
    )


@inner
def with_same_pivot(reduced: Reduced, voxel: int, left_over: int) -> int:
    """The cycle with the same latest voxel and highest direction left over, or 0."""
    following, others = reduced.following, reduced.left_over
    cycle = int(np.int64(reduced.latest[voxel]))
    while cycle != 0:
        # Of two numbers with the same highest bit the exclusive or is below each of them.
        other = int(np.int64(others[cycle]))
        if left_over ^ other < min(left_over, other):
            break
        cycle = int(np.int64(following[cycle]))
    return cycle


@inner
def add_stored(
    reduced: Reduced,
    start: int,
    stop: int,
    chain: np.ndarray,
    queue: np.ndarray,
    end: int,
) -> int:
    """Add stored edges to the cycle at hand; return the queue's new end."""
    for i in range(start, stop):
        owner = int(np.int64(reduced.owners[i]))
        end = add_edges(chain, queue, end, owner, np.int64(reduced.edges[i]))
    return end


@inner
def has_room_for_edges(reduced: Reduced, more: int) -> bool:
    """Tell whether more edges fit."""
    return bool(reduced.stops[0] + more <= reduced.owners.size)


@making
def with_room_for_edges(reduced: Reduced, more: int) -> Reduced:
    """Return the same in larger arrays, with room for more edges and as many as there are."""
    used = reduced.stops[0]
    size = 2 * (used + more)
    owners, edges = np.empty(size, np.uint32), np.empty(size, np.uint8)
    for i in range(used):
        owners[i], edges[i] = reduced.owners[i], reduced.edges[i]
    return Reduced(
        reduced.latest,
        reduced.following,
        reduced.left_over,
        reduced.starts,
        reduced.stops,
        owners,
        edges,
    )


@inner
def store(
    reduced: Reduced, cycle: int, left_over: int, chain: np.ndarray, queue: np.ndarray, end: int
) -> None:
    """Write the cycle at hand behind the others, under a number that may have had another one."""
    reduced.left_over[cycle] = left_over
    at = reduced.stops[0]
    reduced.starts[cycle] = at
    for i in range(end):
        code = queue[slot(i)]
        if code != 0:
            owner = voxel_of(code)
            edges = edges_of(chain, owner)
            if edges != 0:
                reduced.owners[at], reduced.edges[at] = owner, edges
                at += 1
    reduced.stops[cycle] = reduced.stops[0] = at


@inner
def enter(reduced: Reduced, cycle: int, voxel: int) -> None:
    """Note of which voxel a stored cycle is one."""
    reduced.following[cycle] = reduced.latest[voxel]
    reduced.latest[voxel] = cycle
