"""Objects in cubes of 16 voxels along an axis, and their Betti numbers at every level.

An object lies apart from the faces of its cube, so that objects of neighbouring cubes do not touch,
and walls, gaps and holes are two voxels wide or more: the constructions T and V agree. Of most,
something is filled at a later level, a cavity or a hole or what lies between two balls, and what
was born ends there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

CELL = 16
BACKGROUND = 4
"""The last of the levels 0 … 4, at which everything is there."""

_PASSED_ARMS = 16
_HALF_ROD = 2


class Cells(NamedTuple):
    """Every cube that there is.

    Attributes:
        levels: uint8 (K, 16, 16, 16), the level at which each voxel enters; those of rods last.
        betti: int64 (K, 3, 4), Betti numbers at the levels below the background; 0 of rods, which
            go on in the next cube.
        n_objects: how many are no rods.
    """

    levels: np.ndarray
    betti: np.ndarray
    n_objects: int


@cache
def all_cells() -> Cells:
    """Return balls, shells, tori and pairs of balls at all levels and along all axes, and rods."""
    objects = [*_balls(), *_filled_objects()]
    rods = [_rod(arms, level) for arms in range(_PASSED_ARMS) for level in range(BACKGROUND)]
    levels = np.stack([found for found, _ in objects] + rods)
    betti = np.zeros((len(levels), 3, BACKGROUND), np.int64)
    betti[: len(objects)] = [numbers for _, numbers in objects]
    levels.flags.writeable = betti.flags.writeable = False
    return Cells(levels, betti, len(objects))


def rod_cells(arms: np.ndarray, level: int) -> np.ndarray:
    """Return the positions of rods among the cells.

    Args:
        arms: integers, sums of 1, 2 (to the first and last plane), 4, 8 (to the first and last
            column): where the rod leaves the cube.
        level: of the rod.
    """
    return all_cells().n_objects + arms * BACKGROUND + level


def _balls() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    z, y, x = _offsets()
    ball = z**2 + y**2 + x**2 <= 5.2**2
    for level in range(BACKGROUND):
        yield _entering((ball, level)), _numbers((level, (1, 0, 0)))


def _filled_objects() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    z, y, x = _offsets()
    distance, across = np.sqrt(z**2 + y**2 + x**2), np.hypot(y, x)
    shell, core = distance <= 6.8, distance < 4
    torus = np.hypot(across - 4.4, z) <= 2.2
    disc = (across < 4.4) & (abs(z) < 1.5)
    balls = np.hypot(np.hypot(abs(z) - 4, y), x) <= 3
    bridge = (abs(z) < 4) & (across < 1.6)
    for first, second in combinations(range(BACKGROUND + 1), 2):
        filled = (second, (1, 0, 0))
        yield (
            _entering((shell, first), (core, second)),
            _numbers((first, (1, 0, 1)), filled),
        )
        for axis in range(3):
            turned = (np.moveaxis(part, 0, axis) for part in (torus, disc, balls, bridge))
            ring, inside, two, between = turned
            yield (
                _entering((inside, second), (ring, first)),
                _numbers((first, (1, 1, 0)), filled),
            )
            yield (
                _entering((between, second), (two, first)),
                _numbers((first, (2, 0, 0)), filled),
            )


def _rod(arms: int, level: int) -> np.ndarray:
    """Return a rod through the middle row from there to each side that the arms name."""
    z, y, x = _offsets()
    near = [abs(offset) < _HALF_ROD for offset in (z, y, x)]
    sides = (z < _HALF_ROD, z > -_HALF_ROD, x < _HALF_ROD, x > -_HALF_ROD)
    across = (near[1] & near[2],) * 2 + (near[0] & near[1],) * 2
    rod = near[0] & near[1] & near[2]
    for bit, (side, section) in enumerate(zip(sides, across, strict=True)):
        if arms & 1 << bit:
            rod = rod | side & section
    return _entering((rod, level))


def _offsets() -> tuple[np.ndarray, ...]:
    """Return distances from the middle along each axis, in voxels, to be broadcast."""
    along = np.arange(CELL) - (CELL - 1) / 2
    return np.meshgrid(along, along, along, indexing="ij", sparse=True)


def _entering(*parts: tuple[np.ndarray, int]) -> np.ndarray:
    """Return the level of each voxel, of the last part that it is in."""
    levels = np.full((CELL,) * 3, BACKGROUND, np.uint8)
    for inside, level in parts:
        levels[inside] = level
    return levels


def _numbers(*changes: tuple[int, tuple[int, int, int]]) -> np.ndarray:
    """Return Betti numbers at the levels, (3, 4), of what they are from each level on."""
    numbers = np.zeros((3, BACKGROUND), np.int64)
    for level, betti in changes:
        numbers[:, level:] = np.array(betti)[:, None]
    return numbers
