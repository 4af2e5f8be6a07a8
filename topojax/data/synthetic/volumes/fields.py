"""Volumes without objects, made plane by plane: waves, and noise."""

from __future__ import annotations

import numpy as np

_WAVES = 8
_SHORTEST, _LONGEST = 12.0, 96.0

Shape = tuple[int, int, int]


def smooth_planes(shape: Shape, seed: int, start: int, stop: int) -> np.ndarray:
    """Return planes of a sum of waves, float32 in [0, 1], (stop - start, H, W).

    Every wave is a cosine along the first axis times one across each plane, of 12 to 96 voxels'
    length: a plane is the product of a vector and a matrix.

    Args:
        shape: of the whole volume, (D, H, W).
        seed: chooses lengths, directions and phases.
        start: of the first plane.
        stop: behind the last one.
    """
    rng = np.random.default_rng([seed, 0])
    along, turns = 2 * np.pi / rng.uniform(_SHORTEST, _LONGEST, (2, _WAVES))
    angles, *phases = rng.uniform(0, 2 * np.pi, (3, _WAVES))
    weights = rng.uniform(0.5, 1, _WAVES)
    rows, columns = (np.arange(length) for length in shape[1:])
    down, over = turns * np.sin(angles), turns * np.cos(angles)
    across = np.empty((_WAVES, *shape[1:]), np.float32)
    for wave in range(_WAVES):
        across[wave] = _wave(rows[:, None], down[wave], columns, over[wave], phases[0][wave])
    depth = np.arange(start, stop)[:, None]
    heights = np.cos(depth * along + phases[1]) * weights / (2 * weights.sum())
    planes = np.empty((stop - start, *shape[1:]), np.float32)
    # One by one: sums of several would be rounded in another order in thicker slabs.
    for plane, height in zip(planes, heights.astype(np.float32), strict=True):
        np.dot(height, across.reshape(_WAVES, -1), out=plane.reshape(-1))
    planes += np.float32(0.5)
    return np.clip(planes, 0, 1, out=planes)


def noise_planes(shape: Shape, seed: int, start: int, stop: int) -> np.ndarray:
    """Return planes of independent voxels, uniform in [0, 1), float32 (stop - start, H, W).

    Args:
        shape, seed, start, stop: as `smooth_planes`.
    """
    planes = np.empty((stop - start, *shape[1:]), np.float32)
    for plane in range(start, stop):
        rng = np.random.default_rng([seed, plane])
        rng.random(dtype=np.float32, out=planes[plane - start])
    return planes


def _wave(
    rows: np.ndarray, down: float, columns: np.ndarray, over: float, phase: float
) -> np.ndarray:
    """Return cos(down · row + over · column + phase), of one factor an axis each."""
    first, second = rows * down, columns * over + phase
    return np.cos(first) * np.cos(second) - np.sin(first) * np.sin(second)
