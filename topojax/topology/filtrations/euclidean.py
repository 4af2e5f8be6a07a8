"""Exact Euclidean distances on a grid, compiled.

Source: Meijster, Roerdink and Hesselink 2000, "A general algorithm for computing distance
transforms in linear time": along one axis after the other, the lower envelope of the parabolas that
stand on the voxels. Whole numbers throughout. scipy.ndimage's transform gives the same, takes about
ten times as long, and took two thirds of the time of all filters.
"""

from __future__ import annotations

import numpy as np

from topojax.kernels.compiling import entry


def signed_squares(objects: np.ndarray) -> np.ndarray:
    """Return squared distances to the nearest voxel on the other side, int64 (m, *spatial).

    Negative on the object. Where an image has one side alone, beyond the grid's squared diagonal.

    Args:
        objects: bool (m, *spatial).
    """
    volumes = objects.reshape(len(objects), -1, *objects.shape[-2:])
    squares = np.zeros(volumes.shape, np.int64)
    _write_signed_squares(np.ascontiguousarray(volumes), squares)
    return squares.reshape(objects.shape)


@entry
def _write_signed_squares(objects: np.ndarray, squares: np.ndarray) -> None:
    """Write into squares, int64 (m, D, H, W), zeros, for objects bool (m, D, H, W)."""
    m, depth, height, width = objects.shape
    size = depth * height * width
    beyond = depth * depth + height * height + width * width
    flat = np.empty(size, np.int64)
    line = np.empty(max(depth, height, width), np.int64)
    # Of the parabolas of the envelope: where they stand, and from where on they are lowest.
    feet, starts = np.empty(line.size, np.int64), np.empty(line.size, np.int64)
    for i in range(m):
        inside, found = objects[i].reshape(size), squares[i].reshape(size)
        for to_object in (True, False):
            for v in range(size):
                flat[v] = 0 if inside[v] == to_object else beyond
            stride, count = 1, width
            for axis in range(3):
                if axis > 0:
                    stride, count = (width, height) if axis == 1 else (width * height, depth)
                for k in range(size // count):
                    first = k // stride * stride * count + k % stride
                    for u in range(count):
                        line[u] = flat[first + u * stride]
                    top = 0
                    feet[0] = starts[0] = 0
                    for u in range(1, count):
                        while top >= 0:
                            s, t = feet[top], starts[top]
                            if (t - s) * (t - s) + line[s] <= (t - u) * (t - u) + line[u]:
                                break
                            top -= 1
                        if top < 0:
                            top = 0
                            feet[0], starts[0] = u, 0
                            continue
                        s = feet[top]
                        # The first voxel at which u's parabola is below that of s.
                        start = 1 + (u * u - s * s + line[u] - line[s]) // (2 * (u - s))
                        if start < count:
                            top += 1
                            feet[top], starts[top] = u, start
                    for u in range(count - 1, -1, -1):
                        s = feet[top]
                        flat[first + u * stride] = (u - s) * (u - s) + line[s]
                        if u == starts[top]:
                            top -= 1
            for v in range(size):
                if inside[v] != to_object:
                    found[v] = flat[v] if to_object else -flat[v]
