"""Persistence pairs of dimensions 0 and d - 1, with the voxels that make them.

Elder rule: where two components merge, the one with the later root dies (Edelsbrunner and Harer,
Computational Topology, chapter VII). Dimension 0 is read off the ascending merge tree. Dimension
d - 1 is read off the descending one by duality: two components of the complement that merge at
voxel v are, ascending, one cavity that v divides. The new cavity is born at v, and dies when its
root, the earlier of the two roots, is filled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .betti import entry_values
from .cavities import descending
from .components import ascending
from .inputs import Construction, check_sample, frozen_grid
from .levels import Box, padded_layout
from .merge_tree import grow
from .neighbourhood import ALL, PLANE
from .workspace import load_volume, make_workspace


def persistence_pairs(
    image: Any, dim: int, *, mask: Any = None, construction: Construction = "T"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the bars of dimension 0 or d - 1 and the voxels at which they begin and end.

    Args:
        image, mask, construction: as `betti_curves`.
        dim: 0, or d - 1 for an image of d dimensions.

    Returns:
        pairs: float64 (n, 2), birth and death; bars of length zero are left out.
        birth: int64 (n,), flat C-order index of a voxel whose value is the birth.
        death: int64 (n,), the same for the death; -1 where the bar never ends, whose death is
            +inf: a component of the whole complex, or a cavity around absent voxels.

    Raises:
        TypeError: a dtype that holds no real numbers, or a mask that is not bool.
        ValueError: another dimension, NaN, wrong shapes, another construction.
    """
    images, masks, top = check_sample(image, mask, construction)
    dimensions = np.ndim(image)
    if dim not in (0, dimensions - 1):
        raise ValueError(f"dim={dim}; expected 0 or {dimensions - 1} for a {dimensions}-D image")
    values = entry_values(images, masks)
    if values.size == 0:
        return np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64)
    allowed = ALL if dimensions == 3 else PLANE
    box, levels, births, deaths = _merge_events(
        images[0], masks[0], frozen_grid(values), dim == 0, allowed, top
    )
    return _bars(values, levels[births], levels[deaths], births, deaths, box, images.shape[1:])


@njit(cache=True, nogil=True)
def _merge_events(
    image: np.ndarray, mask: np.ndarray, grid: np.ndarray, up: bool, allowed: int, top: bool
) -> tuple[Box, np.ndarray, np.ndarray, np.ndarray]:
    """Box, padded levels, and padded birth and death voxels; death 0 (the border): never."""
    work = make_workspace(image.shape)
    box = load_volume(work, image, mask, grid)
    layout = padded_layout(box.depth, box.height, box.width)
    direction = ascending(grid.size, allowed, top) if up else descending(grid.size, allowed, top)
    roots = np.zeros(grid.size + 1, np.int64)
    merges = grow(work, direction, layout, roots)
    if not up:
        return box, work.levels, work.merging[:merges].copy(), work.merged[:merges].copy()
    births = np.zeros(roots.sum(), np.int32)
    deaths = np.zeros(births.size, np.int32)
    births[:merges] = work.merged[:merges]
    deaths[:merges] = work.merging[:merges]
    for i in range(layout.first, layout.last):
        if work.levels[i] < grid.size and work.parent[i] == i:
            births[merges] = i
            merges += 1
    return box, work.levels, births, deaths


def _bars(
    values: np.ndarray,
    birth_levels: np.ndarray,
    death_levels: np.ndarray,
    births: np.ndarray,
    deaths: np.ndarray,
    box: Box,
    shape: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and image indices of the bars that have a length."""
    # Absent voxels and the border, of levels N and N + 1, never enter.
    ends = np.append(values, [np.inf, np.inf])
    lasting = ends[birth_levels] < ends[death_levels]
    pairs = np.stack([ends[birth_levels[lasting]], ends[death_levels[lasting]]], axis=1)
    birth = _image_index(births[lasting], box, shape)
    death = np.where(np.isinf(pairs[:, 1]), -1, _image_index(deaths[lasting], box, shape))
    return pairs, birth, death


def _image_index(padded: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """Flat index in the image of flat positions in the padded box."""
    z, y, x = np.unravel_index(padded, (box.depth + 2, box.height + 2, box.width + 2))
    _, height, width = shape
    index = ((z + box.z - 1) * height + y + box.y - 1) * width + x + box.x - 1
    return index.astype(np.int64)
