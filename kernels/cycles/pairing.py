"""The loops of one volume, and the voxels that close and fill them.

Everything is the V-construction: voxels are vertices that enter in the order (key, position). The
T-construction is that of the opposite order, with the outside there before all others, by duality;
`ALGORITHM.md` proves it.
"""

from __future__ import annotations

import math

import numpy as np

from ..exact_filtration import ExactVolume, merges_of
from .joins import all_joins
from .reduction import list_filling, reduce_columns

# Positions are 32 bits of a code.
_MOST_VOXELS = 2**32 - 2**16


def check_size(shape: tuple[int, ...]) -> None:
    """Return if loops can be computed of a volume (D, H, W).

    Raises:
        ValueError: it is too large.
    """
    if math.prod(n + 2 for n in shape) > _MOST_VOXELS:
        raise ValueError(
            f"image has shape {shape}; expected at most {_MOST_VOXELS} voxels for dim=1, a border "
            "of one included; compute it on parts, or on every other voxel"
        )


def loops_of(volume: ExactVolume) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of births and deaths of all loops; some are of no length.

    A loop that absent voxels fill ends at one of them.
    """
    layout = volume.layout
    size = layout.last + layout.plane + layout.row + 1
    levels, voxels = volume.work.levels[:size], volume.critical.voxels
    cavities = _ends(volume)
    if volume.top:
        # Seen from the far end, the opposite order is (opposite key, position) again.
        levels, voxels, cavities = ~levels[::-1], size - 1 - voxels[::-1], size - 1 - cavities
    keys = _keys(levels)
    joins, pieces = all_joins()
    chain = np.empty(size, np.uint64)
    columns, n_ends = list_filling(
        keys, voxels, np.sort(cavities), layout.row, layout.plane, pieces, chain
    )
    codes = (keys[columns].astype(np.uint64) << np.uint64(32)) | columns.astype(np.uint64)
    order = np.argsort(codes)
    births, deaths = reduce_columns(
        chain, columns[order], n_ends[order], layout.row, layout.plane, joins
    )
    return (size - 1 - deaths, size - 1 - births) if volume.top else (births, deaths)


def _ends(volume: ExactVolume) -> np.ndarray:
    """Positions at which cavities are born: components of the complement that merge there."""
    ends = merges_of(volume, ascending=volume.top).ends
    return ends[ends > 0]


def _keys(levels: np.ndarray) -> np.ndarray:
    """Return uint32 in the order of levels; 0 where these are 0, and nowhere else."""
    if levels.dtype == np.uint32:
        return levels
    order = np.argsort(levels)
    ordered = levels[order]
    ranks = np.cumsum(np.concatenate([ordered[:1] > 0, ordered[1:] > ordered[:-1]]))
    keys = np.empty(levels.size, np.uint32)
    keys[order] = ranks
    return keys
