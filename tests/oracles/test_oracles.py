"""The oracles agree with each other and with what is known by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from oracles.bars import Construction, Diagrams, betti_numbers, sorted_bars
from oracles.cripser_bars import cripser_bars
from oracles.gudhi_bars import gudhi_bars, gudhi_betti_curves, gudhi_betti_numbers

Oracle = Callable[..., Diagrams]
ORACLES: tuple[Oracle, ...] = (gudhi_bars, cripser_bars)


@pytest.mark.parametrize("oracle", ORACLES)
def test_axes_are_those_of_the_array(oracle: Oracle) -> None:
    # Two wells on one line along the last axis; read in Fortran order they would touch.
    image = np.full((2, 3, 5), 9.0)
    image[0, 0, [0, 4]] = 0.0, 1.0
    image[0, 0, 1:4] = 5.0
    components, tunnels, cavities = oracle(image)
    assert sorted_bars(components) == [(0.0, np.inf), (1.0, 5.0)]
    assert len(tunnels) == len(cavities) == 0


@pytest.mark.parametrize("oracle", ORACLES)
def test_corners_touch_as_cells_and_not_as_vertices(oracle: Oracle) -> None:
    image = np.array([[0.0, 2.0], [2.0, 1.0]])
    assert sorted_bars(oracle(image)[0]) == [(0.0, np.inf)]
    assert sorted_bars(oracle(image, construction="V")[0]) == [(0.0, np.inf), (1.0, 2.0)]


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize("shape", [(6, 9), (4, 3, 5)])
def test_both_give_the_same_bars(
    construction: Construction, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    for inside in (0.5, 0.8, 1.0):
        image, mask = rng.integers(-2, 4, shape), rng.random(shape) < inside
        bars = [oracle(image, mask, construction) for oracle in ORACLES]
        for ours, theirs in zip(*bars, strict=True):
            assert sorted_bars(ours) == sorted_bars(theirs)
        assert len(bars[0]) == len(shape)
        assert len(bars[0][0]) > 0


def test_a_masked_voxel_never_enters() -> None:
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    assert gudhi_betti_numbers(ring) == [1, 1]
    assert gudhi_betti_numbers(~ring) == [1, 0]
    curves = gudhi_betti_curves(np.where(ring, 1.0, 2.0), np.array([0.0, 1.0, 2.0]), ring)
    assert curves.tolist() == [[0, 1, 1], [0, 1, 1]]
    filled = gudhi_betti_curves(np.where(ring, 1.0, 2.0), np.array([0.0, 1.0, 2.0]))
    assert filled.tolist() == [[0, 1, 1], [0, 1, 0]]


def test_bars_are_half_open() -> None:
    bars = np.array([[0.0, np.inf], [1.0, 2.0]])
    assert betti_numbers((bars,), np.array([-1.0, 0, 1, 1.5, 2])).tolist() == [[0, 1, 2, 2, 1]]


@pytest.mark.parametrize("oracle", ORACLES)
def test_nan_and_other_shapes_are_refused(oracle: Oracle) -> None:
    with pytest.raises(ValueError, match="NaN"):
        oracle(np.array([[0.0, np.nan]]))
    with pytest.raises(ValueError, match="mask has shape"):
        oracle(np.zeros((2, 3)), np.ones((3, 2), bool))
