"""Objects whose Betti numbers are known, as sublevel sets."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.kernels import betti_curves, betti_steps, persistence_pairs


def radius(size: int) -> np.ndarray:
    grid = np.indices((size,) * 3) - (size - 1) / 2
    return np.sqrt((grid**2).sum(axis=0))


def ball() -> np.ndarray:
    return radius(15) < 6


def shell() -> np.ndarray:
    return (radius(15) < 6.5) & (radius(15) > 3.5)


def torus() -> np.ndarray:
    z, y, x = np.indices((9, 21, 21)) - np.array([4, 10, 10]).reshape(3, 1, 1, 1)
    return (np.hypot(y, x) - 6.5) ** 2 + z**2 < 2.5**2


def nested_shells() -> np.ndarray:
    r = radius(27)
    return (r < 3.5) | ((r > 6) & (r < 8.5)) | ((r > 10.5) & (r < 13))


def lattice_of_balls() -> np.ndarray:
    cell = np.zeros((4, 4, 4), bool)
    cell[1:3, 1:3, 1:3] = True
    return np.tile(cell, (3, 4, 5))


def frame() -> np.ndarray:
    """Return the edges of a cube: a graph of 8 corners and 12 edges."""
    at_end = np.isin(np.arange(7), (0, 6))
    return np.add.reduce(np.meshgrid(at_end, at_end, at_end, indexing="ij"), dtype=int) >= 2


@pytest.mark.parametrize("construction", ["T", "V"])
@pytest.mark.parametrize(
    ("solid", "numbers"),
    [
        (ball, [1, 0, 0]),
        (shell, [1, 0, 1]),
        (torus, [1, 1, 0]),
        (nested_shells, [3, 0, 2]),
        (lattice_of_balls, [60, 0, 0]),
        (frame, [1, 5, 0]),
    ],
)
def test_solids(construction, solid, numbers):
    inside = solid()
    image = np.where(inside, 1, 7)
    # The whole box, a convex solid, once the outside enters too.
    expected = [[0, number, end] for number, end in zip(numbers, (1, 0, 0), strict=True)]
    assert betti_curves(image, [0, 1, 7], construction=construction).tolist() == expected
    masked = betti_curves(image, [0, 1, 7], mask=inside, construction=construction)
    assert masked.tolist() == [[0, number, number] for number in numbers]


def test_touching_corners_connect_cells_and_not_vertices():
    image = np.full((2, 2, 2), 5)
    image[0, 0, 0] = image[1, 1, 1] = 0
    assert betti_curves(image, [0])[:, 0].tolist() == [1, 0, 0]
    assert betti_curves(image, [0], construction="V")[:, 0].tolist() == [2, 0, 0]


def test_a_diagonal_ring_holds_a_cavity_of_cells_and_none_of_vertices():
    image = np.array([[9, 0, 9], [0, 4, 0], [9, 0, 9]])
    assert betti_curves(image, [0])[:, 0].tolist() == [1, 1]
    assert betti_curves(image, [0], construction="V")[:, 0].tolist() == [4, 0]


@pytest.mark.parametrize("construction", ["T", "V"])
def test_a_cavity_is_born_at_its_last_wall_and_dies_at_its_last_voxel(construction):
    image = np.full((5, 5, 5), 5.0)
    image[1:4, 1:4, 1:4] = 0.0
    image[2, 2, 3] = 3.0
    image[2, 2, 2] = 9.0
    pairs, birth, death = persistence_pairs(image, 2, construction=construction)
    assert pairs.tolist() == [[3.0, 9.0]]
    assert birth.tolist() == [np.ravel_multi_index((2, 2, 3), image.shape)]
    assert death.tolist() == [np.ravel_multi_index((2, 2, 2), image.shape)]


def test_a_cavity_around_absent_voxels_never_ends():
    mask = np.ones((5, 5, 5), bool)
    mask[2, 2, 2] = False
    pairs, birth, death = persistence_pairs(np.arange(125).reshape(mask.shape), 2, mask=mask)
    # In raster order the voxel below the hole closes the cavity.
    assert pairs.tolist() == [[87.0, np.inf]]
    assert (birth.tolist(), death.tolist()) == ([87], [-1])


def test_empty_complexes():
    image = np.arange(27.0).reshape(3, 3, 3)
    nothing = np.zeros(image.shape, bool)
    assert not betti_curves(image, [0, 50], mask=nothing).any()
    assert not betti_curves(np.full((3, 3), np.inf), [0]).any()
    assert betti_curves(np.zeros((0, 4)), [0]).tolist() == [[0], [0]]
    values, betti = betti_steps(image, mask=nothing)
    assert (values.shape, betti.shape) == ((0,), (3, 0))
    pairs, birth, death = persistence_pairs(image, 2, mask=nothing)
    assert (pairs.shape, birth.shape, death.shape) == ((0, 2), (0,), (0,))


def test_infinite_values():
    image = np.array([[-np.inf, 2.0, np.inf, 0.0]])
    assert betti_curves(image, [-1e308, 0.0, 2.0, 1e308]).tolist()[0] == [1, 2, 2, 2]
    values, betti = betti_steps(image)
    assert (values.tolist(), betti.tolist()) == ([-np.inf, 0.0], [[1, 2], [0, 0]])
    pairs, birth, death = persistence_pairs(image, 0)
    assert sorted(pairs.tolist()) == [[-np.inf, np.inf], [0.0, np.inf]]
    assert (sorted(birth.tolist()), death.tolist()) == ([0, 3], [-1, -1])
