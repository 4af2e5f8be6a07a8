"""Euler numbers of a volume that is read in slabs: cells by the level at which they enter."""

from __future__ import annotations

from itertools import product

import numpy as np

from .forest import Sides


def count_cells(levels: np.ndarray, sides: Sides, top: bool, counts: np.ndarray) -> None:
    """Add (-1)^dim of every cell that a slab brings at the level at which it enters.

    In the T-construction voxels are the cells of dimension 3, and what some of them share enters
    with the first of these; in the V-construction voxels are the vertices, and a cell enters with
    its last one. Cells between two slabs come with the second.

    Args:
        levels: uint16 (D + 2, H + 2, W + 2), with a border of level N, where no voxel is.
        sides: of the slab.
        top: T-construction.
        counts: int64 (N,), added to.
    """
    begin = 2 if sides.has_before else 1
    end = levels.shape[0] - (0 if top and sides.is_last else 1)
    never = counts.size
    for across in product((0, 1), repeat=3):
        # Cells by their voxel of the largest place; the others are one place before it.
        entering = levels[begin - across[0] : end]
        for axis, is_across in enumerate(across):
            if is_across:
                later = [slice(None)] * 3
                sooner = [slice(None)] * 3
                later[axis], sooner[axis] = slice(1, None), slice(None, -1)
                pair = entering[tuple(later)], entering[tuple(sooner)]
                entering = np.minimum(*pair) if top else np.maximum(*pair)
        dim = 3 - sum(across) if top else sum(across)
        found = np.bincount(entering.reshape(-1), minlength=never + 1)[:never]
        if dim % 2:
            counts -= found
        else:
            counts += found
