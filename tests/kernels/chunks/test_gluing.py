"""Chunks are described apart, and put together in any grouping: curves and bars of the whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.slab_volumes import CONSTRUCTIONS, slabs_of, volumes
from topojax.kernels import betti_curves, persistence_pairs, persistence_pairs_slabs
from topojax.kernels.chunks import (
    Extent,
    check_chunk,
    check_lengths,
    chunk_bars,
    chunk_curves,
    chunk_extent,
    glue_bars,
    glue_curves,
    whole_bars,
    whole_curves,
)


def _in_some_order(parts: list[Any], glue: Callable[[Any, Any], Any], rng: Any) -> Any:
    """Glue along one axis after the other, along each of them in any grouping."""
    for axis in rng.permutation(3):
        rows: dict[Any, list[Any]] = {}
        for part in sorted(parts, key=lambda part: part.extent.high[axis]):
            others = [part.extent.high[other] for other in range(3) if other != axis]
            rows.setdefault(tuple(others), []).append(part)
        for row in rows.values():
            while len(row) > 1:
                i = rng.integers(len(row) - 1)
                row[i : i + 2] = [glue(row[i], row[i + 1])]
        parts = [row[0] for row in rows.values()]
    return parts[0]


def _apart(volume: np.ndarray, cuts: list[list[int]]) -> list[tuple[np.ndarray, Extent]]:
    """Chunks of a grid that is cut along every axis, with the planes before them."""
    bounds = [
        itertools.pairwise(np.unique([0, *(cut % length for cut in some), length]).tolist())
        for some, length in zip(cuts, volume.shape, strict=True)
    ]
    found = []
    for sides in itertools.product(*bounds):
        low, high = zip(*sides, strict=True)
        extent = chunk_extent(low, high, volume.shape)
        index = tuple(map(slice, extent.low, extent.high))
        found.append((check_chunk(volume[index], "chunk"), extent))
    return found


grids = st.lists(st.lists(st.integers(0, 8), max_size=3), min_size=3, max_size=3)


@given(volumes(), grids, st.sampled_from(CONSTRUCTIONS), st.integers(0, 2**32 - 1))
def test_any_grouping_gives_the_curves_of_the_whole(volume, cuts, construction, seed: int) -> None:
    grid = np.array([-1.0, 0, 0.5, 1, 2, 3, 8])
    top = construction == "T"
    parts: list[Any] = [
        chunk_curves(values, grid, extent, top) for values, extent in _apart(volume, cuts)
    ]
    found = whole_curves(_in_some_order(parts, glue_curves, np.random.default_rng(seed)))
    np.testing.assert_array_equal(found, betti_curves(volume, grid, construction=construction))


@given(volumes(), grids, st.sampled_from(CONSTRUCTIONS), st.integers(0, 2**32 - 1))
def test_any_grouping_gives_the_bars_of_the_whole(volume, cuts, construction, seed: int) -> None:
    top = construction == "T"
    parts: list[Any] = [chunk_bars(values, extent, top) for values, extent in _apart(volume, cuts)]
    found = whole_bars(_in_some_order(parts, glue_bars, np.random.default_rng(seed)))
    one_by_one = persistence_pairs_slabs(slabs_of(volume, cuts[0]), construction=construction)
    for dim, some, others in zip((0, 2), found, one_by_one, strict=True):
        whole = persistence_pairs(volume, dim, construction=construction)[0]
        whole = whole[np.lexsort((whole[:, 1], whole[:, 0]))]
        np.testing.assert_array_equal(some, whole)
        np.testing.assert_array_equal(others, whole)


def test_what_is_kept_follows_the_faces_and_not_the_depth(rng: np.random.Generator) -> None:
    grid = np.linspace(0, 1, 20)
    for depth in (12, 192):
        volume = check_chunk(rng.random((depth, 16, 16)), "slab")
        extent = Extent((5, 0, 0), (5 + depth, 16, 16), (True, False, False), (True, False, False))
        part = chunk_curves(volume, grid, extent, True)
        for forest in (part.above, part.below):
            assert 20 < forest.places.size < 2 * 16 * 16 / 4
            assert forest.places.size < forest.births.size < 1.5 * forest.places.size
            assert forest.weights.size < forest.births.size


def test_parts_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    grid = np.linspace(0, 1, 5)
    volume = rng.random((6, 8, 8))
    lower = chunk_extent((0, 0, 0), (3, 8, 8), volume.shape)
    upper = chunk_extent((3, 0, 0), (6, 8, 8), volume.shape)
    first = chunk_curves(volume[:3], grid, lower, True)
    second = chunk_curves(volume[2:], grid, upper, True)
    whole_curves(glue_curves(first, second))
    with pytest.raises(ValueError, match="the plane that two parts share differs"):
        glue_curves(first, chunk_curves(volume[:4], grid, upper, True))
    with pytest.raises(ValueError, match="5 and 4 thresholds"):
        glue_curves(first, chunk_curves(volume[2:], grid[1:], upper, True))
    with pytest.raises(ValueError, match=r"\(2, 0, 0\) to \(6, 8, 8\) and \(0, 0, 0\)"):
        glue_curves(second, first)
    with pytest.raises(ValueError, match="float32 and of float64"):
        persistence_pairs_slabs([volume[:3].astype(np.float32), volume[3:]])


def test_an_axis_that_places_cannot_number_is_refused() -> None:
    check_lengths((2**21, 4, 4))
    with pytest.raises(ValueError, match="at most 2097152 along an axis"):
        check_lengths((4, 4, 2**21 + 1))


def test_bars_without_a_slab() -> None:
    assert [bars.shape for bars in persistence_pairs_slabs([])] == [(0, 2), (0, 2)]
