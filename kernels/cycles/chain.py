"""One word a voxel: its place in the order, what is known of its link, its part in the cycle.

The cycle at hand is a set of edges mod 2, each noted at the later of its two voxels, its *owner*.
The latest voxel of a cycle owns all of the cycle's edges that it touches. That all about a voxel is
in one word matters, since each step is elsewhere in memory.

| bits | |
|---|---|
| 0 to 11 | the graph of the voxel's link |
| 12 | that graph is known |
| 13 to 18 | directions of the edges that the voxel owns |
| 19 | the voxel waits in the queue |
| 32 to 63 | the voxel's key |
"""

from __future__ import annotations

import numpy as np

from ..compiling import inlined, inner
from ..machine_words import count_bits, lowest_bit
from .joins import WAY
from .links import FIRST, SECOND, earlier_word, graph_of
from .queue import code_of, forget_highest, put, slot, voxel_of

KNOWN = np.uint64(1 << 12)
MOST_ADDED = 25
"""Owners of the edges that all squares of a voxel have away from it, and the voxel itself."""

_GRAPH = np.uint64(WAY)
_FIRST_EDGE = np.uint64(13)
_SIX = np.uint64(63)
_EDGES = np.uint64(63 << 13)
_QUEUED = np.uint64(1 << 19)
_HALF = np.uint64(32)


@inner
def note_keys(keys: np.ndarray, chain: np.ndarray) -> None:
    """Write words of which only the key is known."""
    for voxel in range(keys.size):
        chain[voxel] = np.uint64(keys[voxel]) << _HALF


@inlined
def graph_at(chain: np.ndarray, row: int, plane: int, voxel: int) -> int:
    """The graph of a voxel's link, looked up or found out."""
    if not chain[voxel] & KNOWN:
        note_graph(chain, voxel, graph_of(earlier_word(chain, row, plane, voxel)))
    return int(np.int64(chain[voxel] & _GRAPH))


@inner
def note_graph(chain: np.ndarray, voxel: int, graph: int) -> None:
    """Write the graph of a voxel's link."""
    chain[voxel] |= np.uint64(graph) | KNOWN


@inner
def edges_of(chain: np.ndarray, voxel: int) -> int:
    """The directions of the edges that a voxel owns in the cycle."""
    return int(np.int64((chain[voxel] >> _FIRST_EDGE) & _SIX))


@inner
def take_edges(chain: np.ndarray, voxel: int) -> int:
    """Take the edges that a voxel owns out of the cycle, and return their directions."""
    edges = edges_of(chain, voxel)
    chain[voxel] &= ~(_EDGES | _QUEUED)
    return edges


@inner
def add_edges(chain: np.ndarray, queue: np.ndarray, end: int, owner: int, edges: int) -> int:
    """Add edges by their owner and their directions; return the queue's new end."""
    word = chain[owner]
    chain[owner] = (word | _QUEUED) ^ (np.uint64(edges) << _FIRST_EDGE)
    return end if word & _QUEUED else put(queue, end, code_of(word, owner))


@inner
def clear(chain: np.ndarray, queue: np.ndarray, end: int) -> None:
    """Take all edges out of the cycle, and their owners out of the queue."""
    for i in range(end):
        at = slot(i)
        code = queue[at]
        queue[at] = 0
        if code != 0:
            take_edges(chain, voxel_of(code))
    forget_highest(queue, end)


@inner
def _add_edge(
    chain: np.ndarray, queue: np.ndarray, end: int, voxel: int, other: int, direction: int
) -> int:
    """Add the edge from one voxel to another, which lies in the direction."""
    code, other_code = code_of(chain[voxel], voxel), code_of(chain[other], other)
    if code > other_code:
        owner, edge = voxel, 1 << direction
    else:
        owner, edge = other, 1 << (5 - direction)
    # An edge of key 0 is one between two voxels of an outside that is there before all.
    return add_edges(chain, queue, end, owner, edge) if chain[owner] >> _HALF else end


@inlined
def add_across(
    chain: np.ndarray, steps: np.ndarray, queue: np.ndarray, end: int, voxel: int, squares: int
) -> int:
    """Add of squares that have a voxel in common the two edges away from it; return the new end."""
    while squares != 0:
        square = lowest_bit(squares)
        squares ^= square
        k = count_bits(square - 1)
        first, second = FIRST[k], SECOND[k]
        near, far = voxel + steps[first], voxel + steps[second]
        corner = near + steps[second]
        end = _add_edge(chain, queue, end, near, corner, second)
        end = _add_edge(chain, queue, end, far, corner, first)
    return end
