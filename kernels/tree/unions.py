"""Disjoint sets, united along many edges at a time.

Rem's algorithm goes up from both ends of an edge at once: whoever has the higher parent is hung
below the lower one, and goes on from where it hung before (Dijkstra, A Discipline of Programming,
1976; the fastest of those compared by Patwary, Blair and Manne, SEA 2010). Here all edges of a
group take one such step in turn, and those that are not done take the next one: the processor need
not guess how many steps an edge takes. In between sets may be apart that an edge has yet to join
again, but every step hangs an element below a lower one, and takes one root away where it joins
two sets: how many it joins is the same as one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making

_GROUP = 256


class Forest(NamedTuple):
    """Disjoint sets of the numbers from 0 on.

    parent: of each number a lower one of its set, or itself.
    one, two: (`_GROUP`,), ends of edges that are not done; overwritten.
    """

    parent: np.ndarray
    one: np.ndarray
    two: np.ndarray


@making
def new_forest(count: int, like: np.ndarray) -> Forest:
    """Return `count` sets of one number each, of the dtype of `like`."""
    parent = np.empty(count, like.dtype)
    for k in range(count):
        parent[k] = k
    return Forest(parent, np.empty(_GROUP, like.dtype), np.empty(_GROUP, like.dtype))


@inner
def unite(forest: Forest, left: np.ndarray, right: np.ndarray) -> int:
    """Unite the sets of both ends of every edge; return how many sets there are less."""
    parent, one, two = forest.parent, forest.one, forest.two
    united = 0
    for first in range(0, left.size, _GROUP):
        n = _look_up(parent, left[first : first + _GROUP], right[first : first + _GROUP], one, two)
        while n > 0:
            n, joined = _step(parent, one, two, n)
            united += joined
    return united


@inner
def _look_up(
    parent: np.ndarray, left: np.ndarray, right: np.ndarray, one: np.ndarray, two: np.ndarray
) -> int:
    """Write both ends two steps up, of edges that are not within one set by then; return how many.

    That is what most edges of noise are. Hanging the ends there takes longer than it spares.
    """
    n = np.uint64(0)
    for k in range(left.size):
        above_left = parent[np.uint64(parent[np.uint64(left[k])])]
        above_right = parent[np.uint64(parent[np.uint64(right[k])])]
        one[n], two[n] = above_left, above_right
        n += np.uint64(above_left != above_right)
    return int(np.int64(n))


@inner
def _step(parent: np.ndarray, one: np.ndarray, two: np.ndarray, n: int) -> tuple[int, int]:
    """Take one step from n edges; return how many are left, and how many sets were joined."""
    left_over, joined = np.uint64(0), 0
    for k in range(n):
        left, right = np.uint64(one[k]), np.uint64(two[k])
        above_left, above_right = parent[left], parent[right]
        higher, lower = max(above_left, above_right), min(above_left, above_right)
        left_is_higher = above_left > above_right
        moving = left if left_is_higher else right
        other = right if left_is_higher else left
        parent[moving] = lower
        apart = above_left != above_right
        was_root = moving == np.uint64(higher)
        one[left_over], two[left_over] = higher, other
        left_over += np.uint64(apart & (not was_root))
        joined += apart & was_root
    return int(np.int64(left_over)), joined
