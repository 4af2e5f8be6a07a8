"""Where the voxels of a box lie in a flat, padded array.

A volume is cropped to the mask's box and surrounded by a border of one voxel, which stands for the
outside and spares every test for bounds: a neighbour is a fixed distance away, for every voxel. The
voxel behind a row is also the one before the next row, and the row behind a plane that before the
next plane. `ALGORITHM.md` draws it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiling import inner, making

LEAD = 64
"""Border voxels before the first plane, so that a shifted read never starts before the array."""
RUN = 32
"""Words that are classified at a time."""


class Box(NamedTuple):
    """The voxels that are kept: lower corner and extent inside the image."""

    z: int
    y: int
    x: int
    depth: int
    height: int
    width: int


class Layout(NamedTuple):
    """The flat padded volume of a box: strides along z and y, and where its voxels lie.

    `first` and `last` enclose every voxel of the box, and border voxels behind its rows.
    A 2-D image is one plane with a border in the plane only; its `plane` is 0.
    """

    plane: int
    row: int
    first: int
    last: int
    n_words: int


@inner
def padded_layout(box: Box, volumetric: bool) -> Layout:
    """Lay out a box with its border of one voxel; `n_words` words of 64 voxels hold it."""
    row = box.width + 1
    plane = (box.height + 1) * row if volumetric else 0
    reach = plane + row + 1
    first = LEAD + reach
    last = first + (box.depth * plane if volumetric else box.height * row)
    # The last word of voxels reads up to `reach` and one word beyond.
    return Layout(plane, row, first, last, (last + reach) // 64 + 3)


@inner
def voxel_position(layout: Layout, z: int, y: int, x: int) -> int:
    """Flat position of a voxel of the box."""
    return layout.first + z * layout.plane + y * layout.row + x


@making
def bounding_box(mask: np.ndarray) -> Box:
    """Smallest box around the voxels of the mask, bool (D, H, W); depth 0 where it is empty."""
    depth, height, width = mask.shape
    z0, z1, y0, y1 = depth, -1, height, -1
    columns = np.empty(width, np.bool_)
    for x in range(width):
        columns[x] = False
    for z in range(depth):
        for y in range(height):
            row = mask[z, y]
            found = False
            for x in range(width):
                found |= row[x]
            if found:
                z0, z1 = min(z0, z), z
                y0, y1 = min(y0, y), max(y1, y)
                for x in range(width):
                    columns[x] |= row[x]
    if z1 < 0:
        return Box(0, 0, 0, 0, 0, 0)
    x0, x1 = 0, width - 1
    while not columns[x0]:
        x0 += 1
    while not columns[x1]:
        x1 -= 1
    return Box(z0, y0, x0, z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)
