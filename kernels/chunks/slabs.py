"""Slabs of a volume as they come, each with the plane before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .chunk import check_chunk
from .extent import Extent


def checked_slabs(slabs: Iterable[Any]) -> Iterator[tuple[np.ndarray, Extent]]:
    """Yield each slab, float32 or float64 (k, H, W), with the plane before it, and its extent.

    Raises:
        TypeError, ValueError: as `betti_curves_slabs`.
    """
    waiting: np.ndarray | None = None
    start, has_before = 0, False
    for number, slab in enumerate(slabs):
        found = check_chunk(slab, f"slab {number}")
        if waiting is not None:
            if found.shape[1:] != waiting.shape[1:]:
                raise ValueError(
                    f"slab {number} has planes of {found.shape[1:]}, those before of "
                    f"{waiting.shape[1:]}; expected one shape"
                )
            yield waiting, _extent(start, waiting, has_before, True)
            start, has_before = start + len(waiting) - 1, True
            found = np.concatenate([waiting[-1:], found])
        waiting = found
    if waiting is not None:
        yield waiting, _extent(start, waiting, has_before, False)


def _extent(start: int, slab: np.ndarray, has_before: bool, has_after: bool) -> Extent:
    depth, height, width = slab.shape
    return Extent(
        (start, 0, 0),
        (start + depth, height, width),
        (has_before, False, False),
        (has_after, False, False),
    )
