"""Arrays that stay in memory up to a budget, and beyond it are maps of nameless files."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from topojax.errors import RunError
from topojax.row_files.row_store import FileRows, MemoryRows, RowStore

_MB = 10**6


def kept_in_memory(n_bytes: int, memory_mb: float) -> bool:
    """Tell whether an array of so many bytes stays in memory, under a budget of megabytes."""
    return n_bytes <= memory_mb * _MB


@dataclass(frozen=True)
class RowBudget:
    """What arrays may take in memory, and where they are kept beyond it.

    Attributes:
        memory_mb: megabytes (10^6 bytes) of an array, or of several that share the budget.
        folder: of the files, which have no name there and are gone with the last use of the array
            or the end of the process; None: the folder for temporary files.
    """

    memory_mb: float = math.inf
    folder: Path | None = None

    def holds(self, n_bytes: int) -> bool:
        """Tell whether an array of so many bytes stays in memory."""
        return kept_in_memory(n_bytes, self.memory_mb)

    def shared_by(self, n: int) -> RowBudget:
        """Return the budget of each of n arrays."""
        return RowBudget(self.memory_mb / n, self.folder)

    def array(
        self, blocks: Iterable[np.ndarray], shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Return the array of these runs of rows, read-only where it is kept in a file.

        Args:
            blocks: consecutive rows, all of the array's together.
            shape: of the array.
            dtype: of the array and of the blocks.

        Raises:
            RunError: the file cannot be written, such as on a full disk.

        Example:
            >>> halves = [np.zeros((1, 2), np.uint8), np.ones((1, 2), np.uint8)]
            >>> RowBudget().array(halves, (2, 2), np.uint8).tolist()
            [[0, 0], [1, 1]]
            >>> RowBudget(memory_mb=0).array(halves, (2, 2), np.uint8).tolist()
            [[0, 0], [1, 1]]
        """
        kind = np.dtype(dtype)
        n_bytes = prod(shape) * kind.itemsize
        if self.holds(n_bytes):
            return _filled(MemoryRows(shape, kind), blocks)
        place = Path(tempfile.gettempdir()) if self.folder is None else self.folder
        try:
            place.mkdir(parents=True, exist_ok=True)
            with closing(tempfile.TemporaryFile(buffering=0, dir=place)) as file:
                return _filled(FileRows(file, shape, kind), blocks)
        except OSError as error:
            raise RunError(
                f"{n_bytes / _MB:.0f} MB of images cannot be kept in {place}: {error.strerror}; "
                "free the space, choose another folder, or raise cam.memory_mb to keep them in "
                "memory"
            ) from error


IN_MEMORY = RowBudget()
"""No budget: arrays stay in memory, however large."""


def _filled(store: RowStore, blocks: Iterable[np.ndarray]) -> np.ndarray:
    for rows in blocks:
        store.append(rows)
    return store.finish()
