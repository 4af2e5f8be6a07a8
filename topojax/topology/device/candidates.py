"""Betti curves on the regions of many candidates, pair after pair of image and candidate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, Num, UInt8

from topojax.topology.device.arguments import check_levels
from topojax.topology.device.betti import betti_curves_of_levels
from topojax.topology.device.regions import regions_of_interest
from topojax.topology.device.tree.lattice import Lattice


@dataclass(frozen=True)
class LevelledImages:
    """Images under F filtrations, as levels on the grids of these.

    Attributes:
        levels: (F, n, *shape), the number of thresholds below a voxel's value; `n_levels` where a
            voxel never enters.
        lengths: thresholds of each filtration.
        outside: the level that a voxel outside the region has, of each filtration; `n_levels`: it
            is absent.
    """

    levels: Num[Array, "F n *shape"]
    lengths: tuple[int, ...]
    outside: tuple[int, ...]

    @property
    def n_levels(self) -> int:
        """The number that stands for absent, the same for all filtrations."""
        return max(self.lengths)


jax.tree_util.register_dataclass(
    LevelledImages, data_fields=["levels"], meta_fields=["lengths", "outside"]
)


class CandidateCurves(NamedTuple):
    """What is on the regions of P candidates in n images.

    Attributes:
        curves: int32 (P, n, F, d, N); a filtration of fewer thresholds repeats the last.
        voxels: int32 (P, n), of the regions.
        empty: bool (P, n); regions that came out empty and became the map's maximum.
    """

    curves: Int32[Array, "P n F d N"]
    voxels: Int32[Array, "P n"]
    empty: Bool[Array, "P n"]


def levelled(
    values: dict[str, np.ndarray], grids: dict[str, np.ndarray], *, zero_outside: bool
) -> LevelledImages:
    """Return what the device keeps of images (n, *shape) under a bank, each on its grid (N,).

    Args:
        values: by filtration, floats that the device does not round, or integers.
        grids: by filtration, increasing.
        zero_outside: outside the region a value is 0; else there is none.

    Raises:
        TypeError: values of a dtype that the device would round.
    """
    lengths = tuple(len(grid) for grid in grids.values())
    n_levels = max(lengths)
    kept, outside = [], []
    for (name, found), length in zip(values.items(), lengths, strict=True):
        if found.dtype.name not in ("uint8", "float32"):
            raise TypeError(f"values of {name!r} are {found.dtype}; expected float32 or uint8")
        grid = np.asarray(check_levels(grids[name], np.float32))
        levels = np.searchsorted(grid, found.astype(np.float32), "left")
        kept.append(np.where(levels < length, levels, n_levels))
        below = int(np.searchsorted(grid, np.float32(0), "left"))
        outside.append(below if zero_outside and below < length else n_levels)
    dtype = np.uint8 if n_levels < 256 else np.int32
    return LevelledImages(jnp.asarray(np.stack(kept).astype(dtype)), lengths, tuple(outside))


def candidate_curves(
    images: LevelledImages,
    maps: UInt8[Array, "n L *shape"],
    weights: Float[Array, "P L"],
    taus: Float[Array, " P"],
    *,
    top: bool,
    rescale: bool,
    pairs_at_once: int,
) -> CandidateCurves:
    """Return Betti curves on every candidate's region of every image.

    Equal to `topojax.kernels.roi_betti_curves` on each filtration. Pairs of an image and a
    candidate are taken so many at a time, which bounds the memory.

    Args:
        images: under the bank's filtrations.
        maps: scaled, in units of 1/255.
        weights, taus: one rule a candidate.
        top: voxels are top-dimensional cells.
        rescale: scale fused maps to [0, 1] before they are thresholded.
        pairs_at_once: at least 1.
    """
    n, shape = len(maps), maps.shape[2:]
    n_candidates = len(weights)
    lattice = Lattice(shape)
    n_filtrations, n_levels = len(images.lengths), images.n_levels
    outside = jnp.asarray(images.outside, jnp.int32).reshape(-1, 1, *(1,) * len(shape))

    def of_pairs(pairs: Int32[Array, " B"]) -> tuple[Array, Array, Array]:
        image, candidate = pairs // n_candidates, pairs % n_candidates
        inside, empty = regions_of_interest(
            maps[image], weights[candidate], taus[candidate], rescale=rescale
        )
        levels = jnp.where(inside, images.levels[:, image].astype(jnp.int32), outside)
        rows = levels.reshape(n_filtrations * len(pairs), *shape)
        curves = betti_curves_of_levels(lattice, lattice.pad(rows, n_levels), n_levels, top)
        curves = jnp.moveaxis(curves.reshape(n_filtrations, len(pairs), *curves.shape[1:]), 0, 1)
        voxels = inside.reshape(len(pairs), -1).sum(axis=1, dtype=jnp.int32)
        return curves, voxels, empty

    n_pairs = n * n_candidates
    size = min(pairs_at_once, n_pairs)
    n_chunks = math.ceil(n_pairs / size)
    # The last chunk is filled up with its last pair.
    pairs = jnp.minimum(jnp.arange(n_chunks * size, dtype=jnp.int32), n_pairs - 1)
    chunks = jax.lax.map(of_pairs, pairs.reshape(n_chunks, size))

    def by_candidate(x: Array) -> Array:
        flat = x.reshape(n_chunks * size, *x.shape[2:])[:n_pairs]
        return jnp.swapaxes(flat.reshape(n, n_candidates, *flat.shape[1:]), 0, 1)

    return CandidateCurves(*map(by_candidate, chunks))
