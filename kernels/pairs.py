"""Persistence pairs of every dimension, with the voxels that make them.

Elder rule: where two components merge, the one with the later root dies (Edelsbrunner and Harer,
Computational Topology, chapter VII). Dimension 0 is read off the ascending merge tree. Dimension
d - 1 is read off the descending one by duality: two components of the complement that merge at
voxel v are, ascending, one cavity that v divides. The new cavity is born at v, and dies when its
root, the earlier of the two roots, is filled. What is between, the loops of volumes, takes a
boundary matrix (`cycles`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import Construction, check_sample
from .cycles.pairing import check_size, loops_of
from .exact_filtration import ExactVolume, exact_volume, merges_of


def persistence_pairs(
    image: Any, dim: int, *, mask: Any = None, construction: Construction = "T"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the bars of one dimension and the voxels at which they begin and end.

    Args:
        image, mask, construction: as `betti_curves`.
        dim: from 0 to d - 1 for an image of d dimensions.

    Returns:
        pairs: float64 (n, 2), birth and death; bars of length zero are left out.
        birth: int64 (n,), flat C-order index of a voxel whose value is the birth.
        death: int64 (n,), the same for the death; -1 where the bar never ends, whose death is
            +inf: a component, loop or cavity of the whole complex.

    Raises:
        TypeError: a dtype that holds no real numbers, or a mask that is not bool.
        ValueError: another dimension, NaN, wrong shapes, another construction, or more voxels than
            loops can be computed of, 2 ** 32 with a border of one.

    Example:
        >>> from topojax.kernels import persistence_pairs
        >>> ring = [[1, 1, 1], [1, 9, 1], [1, 1, 1]]
        >>> pairs, birth, death = persistence_pairs(ring, 1)
        >>> pairs.tolist(), birth.tolist(), death.tolist()
        ([[1.0, 9.0]], [7], [4])
    """
    images, masks, top = check_sample(image, mask, construction)
    dimensions = np.ndim(image)
    if dim not in range(dimensions):
        known = ("0", "0 or 1", "0, 1 or 2")[dimensions - 1]
        raise ValueError(f"dim={dim}; expected {known} for a {dimensions}-D image")
    if 0 < dim < dimensions - 1:
        check_size(images.shape[1:])
    if images.size == 0 or (masks.size and not masks.any()):
        return np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64)
    with exact_volume(images[0], masks[0], dimensions == 3, top) as volume:
        if dim == 0:
            births, deaths = _components(volume)
        elif dim == dimensions - 1:
            births, deaths = _cavities(volume)
        else:
            births, deaths = loops_of(volume)
        return _bars(volume, births, deaths)


def _components(volume: ExactVolume) -> tuple[np.ndarray, np.ndarray]:
    """Positions of births and deaths; 0 where a component never dies."""
    births, deaths = merges_of(volume, ascending=True)
    return births, deaths


def _cavities(volume: ExactVolume) -> tuple[np.ndarray, np.ndarray]:
    """Positions of births and deaths; every cavity is filled in the end."""
    deaths, births = merges_of(volume, ascending=False)
    return births, deaths


def _bars(
    volume: ExactVolume, births: np.ndarray, deaths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and image indices of the bars that have a length."""
    pairs = np.stack([volume.values_at(births), volume.values_at(deaths)], axis=1)
    lasting = pairs[:, 0] < pairs[:, 1]
    pairs, deaths = pairs[lasting], deaths[lasting]
    never = np.isinf(pairs[:, 1])
    death = np.where(never, -1, volume.image_index(deaths))
    return pairs, volume.image_index(births[lasting]), death
