"""Shortest ways in graphs on the six directions, against all sets of squares."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from topojax.kernels.cycles.joins import LEFT_OVER, WAY, all_joins, way_in
from topojax.kernels.cycles.links import FIRST, SECOND


def boundary(squares: int) -> int:
    """Return the directions that an odd number of squares have."""
    ends = 0
    for k in range(12):
        if squares >> k & 1:
            ends ^= 1 << int(FIRST[k]) ^ 1 << int(SECOND[k])
    return ends


def component(graph: int, start: int) -> int:
    found, last = start, 0
    while found != last:
        last = found
        for k in range(12):
            square = 1 << int(FIRST[k]) | 1 << int(SECOND[k])
            if graph >> k & 1 and found & square:
                found |= square
    return found


def test_ways_join_and_what_is_left_over_is_one_a_component():
    joins, pieces = all_joins()
    for graph in range(0, 4096, 29):
        parts = {component(graph, 1 << d) for d in range(6)}
        assert pieces[graph] == len(parts)
        for directions in (d for d in range(64) if d.bit_count() % 2 == 0):
            way = way_in.py_func(joins, graph, directions)
            squares, left_over = int(way & WAY), int(way >> LEFT_OVER)
            assert squares & ~graph == 0
            assert boundary(squares) == directions ^ left_over
            for part in parts:
                assert (left_over & part).bit_count() == (directions & part).bit_count() % 2


def test_ways_are_shortest():
    joins, _ = all_joins()
    rng = np.random.default_rng(3)
    for graph in rng.integers(0, 4096, 40).tolist():
        squares = [1 << k for k in range(12) if graph >> k & 1]
        shortest: dict[int, int] = {}
        for n in range(len(squares) + 1):
            for some in combinations(squares, n):
                shortest.setdefault(boundary(sum(some)), n)
        for directions, length in shortest.items():
            way = way_in.py_func(joins, graph, directions)
            assert int(way & WAY).bit_count() == length
            assert way >> LEFT_OVER == 0
