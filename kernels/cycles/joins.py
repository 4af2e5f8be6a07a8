"""Shortest ways to join directions in pairs by squares, for every graph on the six directions.

A cycle that has a voxel as its latest one leaves it in an even number of directions. Where ways in
the link join these in pairs, the cycle can be pushed off the voxel across the squares of the ways;
the fewer they are, the shorter it stays. Where they cannot be joined, what is left over is one
direction, the *root*, of every component of the graph that holds an odd number of them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..compiling import entry, inner, making
from ..machine_words import count_bits
from .links import FIRST, SECOND

N_GRAPHS = 1 << 12
WAY = N_GRAPHS - 1
"""The bits of an entry that are squares; the directions left over lie above them."""
LEFT_OVER = 12


@inner
def way_in(joins: np.ndarray, graph: int, directions: int) -> int:
    """Squares that join an even set of directions in a graph, and what they leave over."""
    # The lowest direction of an even set follows from the others.
    return int(np.int64(joins[(graph << 5) | (directions >> 1)]))


@making
def roots_of(graph: int) -> int:
    """The first direction of every component of a graph."""
    label = np.arange(6)
    for _ in range(5):
        for k in range(12):
            if (graph >> k) & 1:
                low = min(label[FIRST[k]], label[SECOND[k]])
                label[FIRST[k]] = label[SECOND[k]] = low
    roots = 0
    for d in range(6):
        roots |= int(label[d] == d) << d
    return roots


@making
def _join_all(graph: int, roots: int, joins: np.ndarray) -> None:
    """Write the ways of one graph: breadth first over sets of directions, one square a step."""
    queue = np.empty(32, np.int64)
    seen = np.zeros(64, np.bool_)
    for start in range(64):
        if (start & ~roots) != 0 or count_bits(start) & 1:
            continue
        joins[(graph << 5) | (start >> 1)] = start << LEFT_OVER
        seen[start] = True
        queue[0] = start
        head, tail = 0, 1
        while head < tail:
            directions = queue[head]
            head += 1
            for k in range(12):
                reached = directions ^ (1 << FIRST[k]) ^ (1 << SECOND[k])
                if (graph >> k) & 1 and not seen[reached]:
                    seen[reached] = True
                    way = way_in(joins, graph, directions) ^ (1 << k)
                    joins[(graph << 5) | (reached >> 1)] = way
                    queue[tail] = reached
                    tail += 1


@entry
def _write_joins(joins: np.ndarray, pieces: np.ndarray) -> None:
    for graph in range(N_GRAPHS):
        roots = roots_of(graph)
        pieces[graph] = count_bits(roots)
        _join_all(graph, roots, joins)


@cache
def all_joins() -> tuple[np.ndarray, np.ndarray]:
    """Return the ways of every graph and its components, isolated directions among them.

    Returns:
        joins: uint32 (4096 * 32,), to be read by `way_in`.
        pieces: uint8 (4096,).
    """
    joins = np.empty(N_GRAPHS * 32, np.uint32)
    pieces = np.empty(N_GRAPHS, np.uint8)
    _write_joins(joins, pieces)
    return joins, pieces
