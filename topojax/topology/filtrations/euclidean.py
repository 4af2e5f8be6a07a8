"""Exact Euclidean distances on a grid, compiled.

Source: Meijster, Roerdink and Hesselink 2000, "A general algorithm for computing distance
transforms in linear time": along one axis after the other, the lower envelope of the parabolas that
stand on the voxels. Whole numbers throughout. scipy.ndimage's transform gives the same, and took
most of the time of a whole bank (`benchmarks/filtrations.py` times both).
"""

from __future__ import annotations

import numpy as np

from topojax.kernels.compiling import entry, inner


def signed_squares(objects: np.ndarray) -> np.ndarray:
    """Return squared distances to the nearest voxel on the other side, int64 (m, *spatial).

    Negative on the object. Where an image has one side alone, the grid's squared diagonal Σ n².

    Args:
        objects: bool (m, *spatial).
    """
    volumes = objects.reshape(len(objects), -1, *objects.shape[-2:])
    squares = np.empty(volumes.shape, np.int64)
    diagonal = sum(side**2 for side in objects.shape[1:])
    _write_signed_squares(np.ascontiguousarray(volumes), diagonal, squares)
    return squares.reshape(objects.shape)


@entry
def _write_signed_squares(objects: np.ndarray, diagonal: int, squares: np.ndarray) -> None:
    """Write into squares, int64 (m, D, H, W), for objects bool (m, D, H, W)."""
    m, depth, height, width = objects.shape
    size = depth * height * width
    flat = np.empty(size, np.int64)
    work = np.empty((3, max(depth, height, width)), np.int64)
    for i in range(m):
        inside, found = objects[i].reshape(size), squares[i].reshape(size)
        for side in (True, False):
            _write_along_rows(inside, side, width, diagonal, flat)
            _lower_to_envelopes(flat, width, height, work)
            _lower_to_envelopes(flat, width * height, depth, work)
            sign = 1 if side else -1
            for v in range(size):
                if inside[v] != side:
                    found[v] = sign * flat[v]


@inner
def _write_along_rows(
    inside: np.ndarray, side: bool, width: int, diagonal: int, flat: np.ndarray
) -> None:
    """Write squared distances along each row to its voxels on a side; without any, the diagonal."""
    for first in range(0, flat.size, width):
        last = -1
        for x in range(width):
            if inside[first + x] == side:
                last = x
            flat[first + x] = diagonal if last < 0 else (x - last) ** 2
        last = -1
        for x in range(width - 1, -1, -1):
            if inside[first + x] == side:
                last = x
            if last >= 0:
                flat[first + x] = min(flat[first + x], (x - last) ** 2)


@inner
def _lower_to_envelopes(flat: np.ndarray, stride: int, count: int, work: np.ndarray) -> None:
    """Replace each line of `count` values, `stride` apart, by the envelope of their parabolas.

    Args:
        work: int64 (3, at least count): a line's values, and of the parabolas of the envelope where
            they stand and from where on they are lowest.
    """
    line, feet, starts = work[0], work[1], work[2]
    for k in range(flat.size // count):
        first = k // stride * stride * count + k % stride
        for u in range(count):
            line[u] = flat[first + u * stride]
        top = feet[0] = starts[0] = 0
        for u in range(1, count):
            while top >= 0:
                foot, start = feet[top], starts[top]
                if (start - foot) ** 2 + line[foot] <= (start - u) ** 2 + line[u]:
                    break
                top -= 1
            start = 0
            if top >= 0:
                # The first voxel at which u's parabola is lower. Of whole numbers below 2^31, which
                # a quotient in float64 does not round across the next one.
                gain = u * u - foot * foot + line[u] - line[foot]
                start = 1 + int(np.floor(gain / (2 * (u - foot))))
            if start < count:
                top += 1
                feet[top], starts[top] = u, start
        for u in range(count - 1, -1, -1):
            foot = feet[top]
            flat[first + u * stride] = (u - foot) ** 2 + line[foot]
            if u == starts[top]:
                top -= 1
