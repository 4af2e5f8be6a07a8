"""What every volume in a file has in common: a path, facts of it, and planes by slices."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from topojax.data.scans.arrays.bare import check_bare
from topojax.errors import DataError
from topojax.files import file_identity

Box: TypeAlias = tuple[slice, slice, slice]


@dataclass(frozen=True)
class FileVolume(ABC):
    """A volume of one channel that is read from its file, plane by plane.

    It holds no open file, so that it can be sent to another process: each reading opens its own.

    Attributes:
        path: of the file or folder.
        shape: (D, H, W).
        dtype: of the planes that are returned, in this machine's byte order.
        notes: what was taken of the file otherwise than it lies there.
        chunks: voxels along each axis that are stored, and read, together.
    """

    path: Path
    shape: tuple[int, int, int]
    dtype: np.dtype
    notes: tuple[str, ...] = ()
    chunks: tuple[int, int, int] = (1, 1, 1)

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels as they are stored."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __getitem__(self, index: slice | tuple[slice, ...]) -> np.ndarray:
        """Return voxels in memory, (k, h, w): of planes along the first axis, or of a box.

        Raises:
            DataError: they cannot be read.
            IndexError: slices in steps.
        """
        found = self._read(box_of(index, self.shape))
        return np.ascontiguousarray(found, self.dtype)

    def identity(self) -> str:
        """Return by which text the volume is told from others, and from itself after a change."""
        return f"{file_identity(self.path)} {self.shape} {self.dtype}"

    @abstractmethod
    def _read(self, box: Box) -> np.ndarray:
        """Return the voxels of a box."""


def box_of(index: slice | tuple[slice, ...], shape: tuple[int, ...]) -> Box:
    """Return the slices of all three axes that an index means, from 0 on.

    Raises:
        IndexError: slices in steps, or of more axes.

    Example:
        >>> box_of(slice(2, 99), (4, 5, 6))
        (slice(2, 4, None), slice(0, 5, None), slice(0, 6, None))
    """
    told = index if isinstance(index, tuple) else (index,)
    told = (*told, *(slice(None),) * (3 - len(told)))
    ends = [one.indices(length) for one, length in zip(told, shape, strict=True)]
    if any(step != 1 for _, _, step in ends):
        raise IndexError(f"{index} has steps; expected voxels that lie side by side")
    planes, rows, columns = (slice(start, max(start, stop)) for start, stop, _ in ends)
    return planes, rows, columns


def check_volume(shape: tuple[int, ...], dtype: np.dtype, path: Path) -> tuple[int, int, int]:
    """Return a shape that is one of a volume of one channel.

    Raises:
        DataError: another number of axes, a last one that may be colour, no voxel, or voxels that
            are no real numbers.
    """
    check_bare(shape, dtype, path)
    if len(shape) != 3:
        what = "several times, channels or volumes" if len(shape) > 3 else "no more than one plane"
        raise DataError(
            f"{path} has shape {shape}, {what}; expected one volume, (D, H, W): export the one to "
            "take"
        )
    if shape[-1] in (3, 4):
        raise DataError(
            f"{path} has shape {shape}, of {shape[-1]} columns or of one plane in colour; expected "
            "a volume: exchange its axes, so that the last one is longer"
        )
    return shape[0], shape[1], shape[2]
