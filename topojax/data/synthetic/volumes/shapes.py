"""A lattice of objects of which each slab can be made by itself, and the Betti numbers of it all.

Every fourth row of cubes, from the second on, holds one rod instead: a serpentine that runs from
the first plane to the last and back, column by column, so that it is one component of the whole
and many pieces of a slab. What is left at the ends, thinner than a cube, is background.
"""

from __future__ import annotations

import numpy as np

from topojax.data.synthetic.volumes.cells import BACKGROUND, CELL, all_cells, rod_cells

_ROWS_OF_RODS = slice(1, None, 4)
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8

Shape = tuple[int, int, int]


def shape_planes(shape: Shape, seed: int, values: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return the planes from `start` to `stop`, (stop - start, H, W) of the values' dtype.

    Args:
        shape: of the whole volume, (D, H, W), 16 voxels along each axis at least.
        seed: chooses the objects and their levels.
        values: (5,), of the levels, increasing; the last is the background's.
        start: of the first plane.
        stop: behind the last one.
    """
    deep, rows, columns = _cubes(shape)
    planes = np.full((stop - start, *shape[1:]), values[BACKGROUND])
    # By plane and row of a cube, so that the rows of all cubes lie side by side.
    lines = values[all_cells().levels.transpose(1, 2, 0, 3)]
    for layer in range(start // CELL, min(deep, -(-stop // CELL))):
        cells = layer_cells(shape, seed, layer)
        first = layer * CELL
        for plane in range(max(start, first), min(stop, first + CELL)):
            for row in range(CELL):
                found = np.take(lines[plane - first, row], cells, axis=0)
                planes[plane - start, row : rows * CELL : CELL, : columns * CELL] = found.reshape(
                    rows, columns * CELL
                )
    return planes


def layer_cells(shape: Shape, seed: int, layer: int) -> np.ndarray:
    """Return which of `all_cells` each cube of a layer is, integers (rows, columns)."""
    deep, rows, columns = _cubes(shape)
    rng = np.random.default_rng([seed, layer])
    cells = rng.integers(0, all_cells().n_objects, (rows, columns))
    arms = _serpentine(deep, columns, layer)
    for row in range(rows)[_ROWS_OF_RODS]:
        cells[row] = rod_cells(arms, _rod_level(row, seed))
    return cells


def betti_at_levels(shape: Shape, seed: int) -> np.ndarray:
    """Return the Betti numbers of the voxels up to each of the five levels, int64 (3, 5)."""
    deep, rows, _ = _cubes(shape)
    cells = all_cells()
    counts = np.zeros(len(cells.levels), np.int64)
    for layer in range(deep):
        counts += np.bincount(layer_cells(shape, seed, layer).ravel(), minlength=len(counts))
    numbers = np.zeros((3, BACKGROUND + 1), np.int64)
    numbers[:, :BACKGROUND] = np.tensordot(counts, cells.betti, 1)
    for row in range(rows)[_ROWS_OF_RODS]:
        numbers[0, _rod_level(row, seed) : BACKGROUND] += 1
    # All of a box.
    numbers[:, BACKGROUND] = 1, 0, 0
    return numbers


def _cubes(shape: Shape) -> Shape:
    deep, rows, columns = (length // CELL for length in shape)
    return deep, rows, columns


def _rod_level(row: int, seed: int) -> int:
    return (row // 4 + seed) % BACKGROUND


def _serpentine(deep: int, columns: int, layer: int) -> np.ndarray:
    """Return where the rod leaves the cubes of a layer, (columns,): down, over, up, over, …"""
    column = np.arange(columns)
    down = column % 2 == 0
    arms = np.full(columns, _UP * (layer > 0) + _DOWN * (layer < deep - 1))
    turns_here = np.where(down, layer == deep - 1, layer == 0)
    came_here = np.where(down, layer == 0, layer == deep - 1)
    arms += _RIGHT * (turns_here & (column < columns - 1))
    arms += _LEFT * (came_here & (column > 0))
    # Both ends run out to the face that they point to.
    arms[0] |= _UP
    arms[-1] |= _DOWN if down[-1] else _UP
    return arms
