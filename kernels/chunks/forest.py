"""Components of a growing set in a part of a volume, reduced to what the rest can still change.

A part touches the rest in its shared faces alone. Its vertices are the roots of those faces, the
outside, and minima whose end is not known; its edges join them, each with the key at which it does.
Kruskal's algorithm takes the edges in order, by the elder rule. Where the younger of two components
touches no shared face, the rest can make its partner older and never itself: that pair is settled,
and the edge forgotten. All other edges are kept.

Keys are unsigned, and the smaller is the earlier: levels or bits of values on the way up, what they
are short of the highest on the way down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import entry, inner
from ..tree.disjoint_set import find
from .extent import Extent, are_open


class Forest(NamedTuple):
    """What can still change: vertices 0, the outside, then roots of shared faces, then minima.

    Attributes:
        births: keys (m,); of the outside 0.
        places: int64 (n,), increasing; where the roots are in the volume.
        left, right: int32 (e,), vertices that an edge joins.
        weights: keys (e,), not decreasing.
    """

    births: np.ndarray
    places: np.ndarray
    left: np.ndarray
    right: np.ndarray
    weights: np.ndarray


class Settled(NamedTuple):
    """Components whose end is known: keys (n,) of both, of which the second is the larger."""

    births: np.ndarray
    deaths: np.ndarray


def reduce_forest(
    births: np.ndarray,
    roots: np.ndarray,
    places: np.ndarray,
    edges: tuple[np.ndarray, np.ndarray, np.ndarray],
    never: int,
) -> tuple[Settled, Forest]:
    """Settle what can be settled.

    Args:
        births: keys of all vertices, of which number 0 is the outside.
        roots: int32 (n,), vertices on shared faces, in the order of their places.
        places: int64 (n,), of these.
        edges: left, right, int32, and weights, keys, in any order.
        never: key of the end of what has none.
    """
    left, right, weights = edges
    reaches = np.zeros(births.size, np.bool_)
    reaches[roots] = True
    # Stable: of what is sorted in parts, by merging these.
    is_short = weights.dtype == np.uint16
    order = _order_by_counting(weights) if is_short else np.argsort(weights, kind="stable")
    end = births.dtype.type(never)
    settled, kept = _join_all(births, reaches, left, right, weights, order, end)
    younger, elder, at = kept
    first = np.concatenate([np.zeros(1, np.int32), roots])
    vertices = np.concatenate([first, np.setdiff1d(elder, first)])
    number = np.empty(births.size, np.int32)
    number[vertices] = np.arange(vertices.size, dtype=np.int32)
    return settled, Forest(births[vertices], places, number[younger], number[elder], weights[at])


def glue(a: Forest, b: Forest, whole: Extent, never: int) -> tuple[Settled, Forest]:
    """Reduce two parts that share a face to one.

    Args:
        whole: of both together.
        never: key of the end of what has none.

    Raises:
        ValueError: they do not agree on the face.
    """
    _, in_a, in_b = np.intersect1d(a.places, b.places, assume_unique=True, return_indices=True)
    if not np.array_equal(a.births[1 + in_a], b.births[1 + in_b]):
        raise ValueError(
            "the plane that two parts share differs between them; expected parts of one volume, "
            "which does not change as it is read"
        )
    # Vertices of b come behind those of a, but for the outside and what both have.
    is_new = np.ones(b.births.size, np.bool_)
    is_new[0] = False
    is_new[1 + in_b] = False
    number = np.zeros(b.births.size, np.int32)
    number[is_new] = np.arange(a.births.size, a.births.size + is_new.sum(), dtype=np.int32)
    number[1 + in_b] = 1 + in_a
    only_b = is_new[1 : 1 + b.places.size]
    places = np.concatenate([a.places, b.places[only_b]])
    vertices = np.concatenate(
        [np.arange(1, 1 + a.places.size, dtype=np.int32), number[1 : 1 + b.places.size][only_b]]
    )
    order = np.argsort(places, kind="stable")
    order = order[are_open(places[order], whole)]
    edges = (
        np.concatenate([a.left, number[b.left]]),
        np.concatenate([a.right, number[b.right]]),
        np.concatenate([a.weights, b.weights]),
    )
    births = np.concatenate([a.births, b.births[is_new]])
    return reduce_forest(births, vertices[order], places[order], edges, never)


@entry
def _order_by_counting(weights: np.ndarray) -> np.ndarray:
    """Return the indices of keys of 16 bits by increasing key, int64 (n,)."""
    starts = np.zeros(2**16 + 1, np.int64)
    for k in range(weights.size):
        starts[np.int64(weights[k]) + 1] += 1
    for key in range(2**16):
        starts[key + 1] += starts[key]
    order = np.empty(weights.size, np.int64)
    for k in range(weights.size):
        order[starts[weights[k]]] = k
        starts[weights[k]] += 1
    return order


@entry
def _join_all(
    births: np.ndarray,
    reaches: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    weights: np.ndarray,
    order: np.ndarray,
    never: int,
) -> tuple[Settled, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Run Kruskal's algorithm; return settled pairs, and kept edges as (younger, elder, index)."""
    parent = np.empty(births.size, np.int32)
    for vertex in range(births.size):
        parent[vertex] = vertex
    younger, elder = np.empty(births.size, np.int32), np.empty(births.size, np.int32)
    at = np.empty(births.size, np.int64)
    begun, ended = np.empty(births.size, births.dtype), np.empty(births.size, births.dtype)
    n_kept, n_settled = 0, 0
    for k in order:
        a, b = find(parent, left[k]), find(parent, right[k])
        if a == b:
            continue
        if _is_elder(b, a, births, reaches):
            a, b = b, a
        parent[b] = a
        if reaches[b]:
            younger[n_kept], elder[n_kept], at[n_kept] = b, a, k
            n_kept += 1
            reaches[a] = True
        elif births[b] < weights[k]:
            begun[n_settled], ended[n_settled] = births[b], weights[k]
            n_settled += 1
    for vertex in range(1, births.size):
        if parent[vertex] == vertex and not reaches[vertex] and births[vertex] < never:
            begun[n_settled], ended[n_settled] = births[vertex], never
            n_settled += 1
    kept = younger[:n_kept].copy(), elder[:n_kept].copy(), at[:n_kept].copy()
    return Settled(begun[:n_settled].copy(), ended[:n_settled].copy()), kept


@inner
def _is_elder(a: int, b: int, births: np.ndarray, reaches: np.ndarray) -> bool:
    """Tell whether root `a` is older: the outside is; of one key, what reaches a shared face."""
    if a == 0 or b == 0:
        return a == 0
    if births[a] == births[b]:
        return reaches[a] and not reaches[b]
    return births[a] < births[b]
