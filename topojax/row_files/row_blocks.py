"""Arrays by runs of their rows, so that nothing made of them takes the memory of the whole."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from math import prod
from typing import Any, Protocol

import numpy as np

_NUMBERS_AT_ONCE = 2**22


class Rows(Protocol):
    """What is read by rows: an array, in memory or mapped, or what makes rows when asked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole; the rows' number first."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, index: Any, /) -> Any:
        """Return rows by index, slice or index array."""


def row_blocks(
    shape: tuple[int, ...], numbers: int = _NUMBERS_AT_ONCE, least: int = 1
) -> Iterator[slice]:
    """Yield runs of rows of an array of this shape, in order: the same ones for every call.

    Args:
        shape: of the array, rows first.
        numbers: of a run at most, unless the least rows have more.
        least: rows of every run but the last: what computes them side by side needs some.

    Example:
        >>> list(row_blocks((5, 10), 25))
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(least, numbers // max(1, prod(shape[1:])))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def is_mapped(array: np.ndarray) -> bool:
    """Tell whether an array's values are pages of a file, which the system drops as it needs to.

    `numpy.memmap` alone does not tell: copies in memory have its type, and views may not.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)
