"""The order in which voxels and edges are taken: bands of rows, and groups of edges."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from topojax.kernels import betti_curves
from topojax.kernels.padded.layout import Box, Layout, padded_layout
from topojax.kernels.tree.bands import words_in_bands
from topojax.kernels.tree.unions import new_forest, unite


@numba.njit
def banded(layout: Layout, like: np.ndarray) -> np.ndarray:
    return words_in_bands(layout, like)


@numba.njit
def united(count: int, left: np.ndarray, right: np.ndarray) -> int:
    return unite(new_forest(count, left), left, right)


@pytest.mark.parametrize(
    "shape",
    [(3, 4, 5), (1, 1, 2**21), (70, 130, 140), (65, 128, 150), (300, 17, 230), (2, 5, 2**17)],
)
@pytest.mark.parametrize("volumetric", [True, False])
def test_bands_have_every_word_once(shape, volumetric):
    if not volumetric:
        shape = (1, shape[0] * shape[1], shape[2])
    layout = padded_layout.py_func(Box(0, 0, 0, *shape), volumetric)
    words = banded(layout, np.empty(0, np.int32))
    np.testing.assert_array_equal(np.sort(words), np.arange(layout.n_words))
    one_band = not volumetric or layout.last <= 2**20 or shape[1] <= 16
    assert np.array_equal(words, np.arange(layout.n_words)) == one_band


def test_large_volumes_are_those_of_flood_fill(rng):
    image = rng.integers(0, 60, (90, 110, 120))
    levels = [2, 5, 30, 52]
    found = betti_curves(image, levels)
    full, faces = (ndimage.generate_binary_structure(3, rank) for rank in (3, 1))
    for k, level in enumerate(levels):
        below = image <= level
        assert found[0, k] == ndimage.label(below, full)[1]
        assert found[2, k] == ndimage.label(np.pad(~below, 1, constant_values=True), faces)[1] - 1


@given(st.integers(1, 60), st.integers(0, 900), st.randoms(use_true_random=False))
def test_sets_are_those_of_a_graph(count, n_edges, random):
    ends = np.array([[random.randrange(count) for _ in range(n_edges)] for _ in range(2)], np.int32)
    graph = coo_array((np.ones(n_edges), ends), shape=(count, count))
    assert united(count, *ends) == count - connected_components(graph, directed=False)[0]


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_any_direction_becomes_one_set(step):
    numbers = np.arange(5000, dtype=np.int32)[::step].copy()
    assert united(5000, numbers[:-1].copy(), numbers[1:].copy()) == 4999
