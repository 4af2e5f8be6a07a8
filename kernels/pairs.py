"""Persistence pairs of dimensions 0 and d - 1, with the voxels that make them.

Elder rule: where two components merge, the one with the later root dies (Edelsbrunner and Harer,
Computational Topology, chapter VII). Dimension 0 is read off the ascending merge tree. Dimension
d - 1 is read off the descending one by duality: two components of the complement that merge at
voxel v are, ascending, one cavity that v divides. The new cavity is born at v, and dies when its
root, the earlier of the two roots, is filled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from .betti import entry_values
from .cache import source_digest
from .cavities import descending
from .components import ascending
from .inputs import Construction, check_sample, frozen_grid
from .levels import Box, Layout
from .merge_tree import grow
from .volume import Workspace, load_volume, make_workspace


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
    box, layout, levels, births, deaths = _merge_events(
        images[0],
        masks[0],
        frozen_grid(values),
        dim == 0,
        dimensions == 3,
        top,
        make_workspace(images.shape[1:], values.size, dimensions == 3),
    )
    bars = levels[births].astype(np.int64), levels[deaths].astype(np.int64)
    return _bars(values, *bars, births, deaths, box, layout, images.shape[1:])


def _entry_point(digest: int) -> Callable[..., tuple]:
    @njit(cache=True, nogil=True)
    def _merge_events(
        image: np.ndarray,
        mask: np.ndarray,
        grid: np.ndarray,
        up: bool,
        volumetric: bool,
        top: bool,
        work: Workspace,
    ) -> tuple[Box, Layout, np.ndarray, np.ndarray, np.ndarray]:
        """Box, layout, padded levels, and padded birth and death positions; death 0: never."""
        digest  # noqa: B018
        volume = load_volume(work, image, mask, grid, volumetric, top)
        direction = ascending(grid.size, top) if up else descending(grid.size, top)
        merges = grow(work, volume.critical, direction, volume.layout)
        ends = merges.births[merges.dead]
        if not up:
            return volume.box, volume.layout, work.levels, merges.voxels, ends
        lasting = np.ones(merges.births.size, np.bool_)
        lasting[merges.dead] = False
        forever = merges.births[lasting]
        births = np.concatenate((ends, forever))
        deaths = np.concatenate((merges.voxels, np.zeros_like(forever)))
        return volume.box, volume.layout, work.levels, births, deaths

    return _merge_events


_merge_events = _entry_point(source_digest())


def _bars(
    values: np.ndarray,
    birth_levels: np.ndarray,
    death_levels: np.ndarray,
    births: np.ndarray,
    deaths: np.ndarray,
    box: Box,
    layout: Layout,
    shape: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and image indices of the bars that have a length."""
    # Absent voxels and the border, of levels N and above, never enter.
    ends = np.append(values, np.inf)
    birth_values = ends[np.minimum(birth_levels, values.size)]
    death_values = ends[np.minimum(death_levels, values.size)]
    lasting = birth_values < death_values
    pairs = np.stack([birth_values[lasting], death_values[lasting]], axis=1)
    birth = _image_index(births[lasting], box, layout, shape)
    death = _image_index(deaths[lasting], box, layout, shape)
    return pairs, birth, np.where(np.isinf(pairs[:, 1]), -1, death)


def _image_index(
    padded: np.ndarray, box: Box, layout: Layout, shape: tuple[int, ...]
) -> np.ndarray:
    """Flat index in the image of flat positions in the padded box."""
    _, height, width = shape
    flat = padded.astype(np.int64) - layout.first
    z, flat = np.divmod(flat, layout.plane) if layout.plane else (0, flat)
    y, x = np.divmod(flat, layout.row)
    return ((z + box.z) * height + y + box.y) * width + x + box.x
