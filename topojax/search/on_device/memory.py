"""How much of a generation the device holds at once."""

from __future__ import annotations

import math

import jax

_BYTES_A_VOXEL = 200
"""Of an image with its border under one filtration; XLA counts 94 to 184."""
_SHARE = 0.25
_WITHOUT_LIMIT = 2**30


def pairs_at_once(spatial_shape: tuple[int, ...], n_filtrations: int) -> int:
    """Return how many pairs of an image and a candidate are described at once.

    As many as take a quarter of the device's memory, or 1 GiB where it does not tell it.
    """
    voxels = math.prod(length + 2 for length in spatial_shape)
    stats = jax.devices()[0].memory_stats() or {}
    limit = stats.get("bytes_limit", _WITHOUT_LIMIT / _SHARE) * _SHARE
    return max(1, int(limit // (_BYTES_A_VOXEL * voxels * n_filtrations)))
