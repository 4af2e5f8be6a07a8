"""Levels of a few values at a time, on a grid that was looked at once.

The level of a value is the index of the first threshold that is not below it. On an even grid it is
counted by arithmetic wherever rounding cannot matter, on others of few thresholds by comparing with
all. A table of the 256 values of bytes takes longer than turning them into floats.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inlined, inner, making
from .value_lanes import VECTOR, count_below, count_steps

# Comparing with this many thresholds takes as long as bisection.
_MOST_COMPARED = 255


@inner
def level_of(value: float, grid: np.ndarray) -> int:
    """Index of the first threshold >= value, N where there is none."""
    low, high = 0, grid.size
    while low < high:
        middle = (low + high) // 2
        if grid[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


class Scale(NamedTuple):
    """How an even grid counts steps: (value - grid[0]) * per_unit, in the values' dtype.

    The result and the count of thresholds below the value agree wherever the result is further
    than `error` from a whole number. `per_unit` is 0 where the grid is not even enough.
    """

    per_unit: float
    error: float


@inner
def even_scale(grid: np.ndarray, like: np.ndarray) -> Scale:
    """Measure how even a grid is, float64 (N,), to values of the dtype of `like`."""
    uneven = Scale(0.0, 0.0)
    span = grid[-1] - grid[0]
    if not (0.0 < span < np.inf) or not (grid.size - 1) / span < np.inf:
        return uneven
    per_unit = (grid.size - 1) / span
    furthest = max(np.abs(grid[0]), np.abs(grid[-1]))
    if furthest > 1e30 or per_unit > 1e30:
        return uneven
    error = 0.0
    for k in range(grid.size):
        error = max(error, np.abs((grid[k] - grid[0]) * per_unit - k))
    # Rounding of grid[0], of the difference, of the scale and of the product.
    rounding = np.finfo(like.dtype).eps
    error += rounding * (4.0 * grid.size + 2.0 * furthest * per_unit)
    return Scale(per_unit, error) if error < 0.25 else uneven


@making
def floor_to(grid: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Largest values of a float dtype up to each threshold: v <= t if and only if v <= floor(t)."""
    floors = np.empty(grid.size, like.dtype)
    for k in range(grid.size):
        floors[k] = grid[k]
        if np.float64(floors[k]) > grid[k]:
            floors[k] = np.nextafter(floors[k], -floors.dtype.type(np.inf))
    return floors


class Quantiser(NamedTuple):
    """A grid as floats are compared with it.

    grid: float64 (N,), not decreasing.
    floors: (N,), see `floor_to`; of the values' dtype.
    scale: see `even_scale`.
    """

    grid: np.ndarray
    floors: np.ndarray
    scale: Scale


@making
def quantiser_of(values: np.ndarray, grid: np.ndarray) -> Quantiser:
    """Look at a grid, float64 (N,) and not decreasing, for values of the dtype of `values`."""
    return Quantiser(grid, floor_to(grid, values), even_scale(grid, values))


@inlined
def quantise(
    values: np.ndarray, start: int, quantiser: Quantiser, levels: np.ndarray, at: int
) -> None:
    """Write the levels of `VECTOR` values from `start` on, or of those that are left.

    Args:
        values: float32 or float64.
        levels: unsigned; written from `at` on.
    """
    floors, scale = quantiser.floors, quantiser.scale
    whole = values.size - start >= VECTOR
    if whole and scale.per_unit > 0.0:
        number = floors.dtype.type
        if count_steps(
            values,
            start,
            floors[0],
            floors[-1],
            number(scale.per_unit),
            number(scale.error),
            number(floors.size - 1),
            levels,
            at,
        ):
            _compare_nearest(values[start : start + VECTOR], floors, scale, levels[at:])
    elif whole and floors.size < _MOST_COMPARED:
        count_below(values, start, floors, levels, at)
    else:
        for x in range(min(VECTOR, values.size - start)):
            levels[at + x] = level_of(np.float64(values[start + x]), quantiser.grid)


@inner
def _compare_nearest(values: np.ndarray, floors: np.ndarray, scale: Scale, out: np.ndarray) -> None:
    """Write levels by comparing every value with the one threshold that is nearest to it."""
    number = floors.dtype.type
    lowest, last = floors[0], number(floors.size - 1)
    per_unit, half, zero = number(scale.per_unit), number(0.5), number(0.0)
    for x in range(VECTOR):
        steps = (values[x] - lowest) * per_unit + half
        nearest = np.uint32(min(max(steps, zero), last))
        out[x] = nearest + np.uint32(values[x] > floors[nearest])
