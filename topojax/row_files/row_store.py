"""An array that comes in rows, in order: kept in memory, or in a file that is mapped at the end."""

from __future__ import annotations

import io
import zlib
from math import prod
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np


class ArraySpec(NamedTuple):
    """Shape and dtype of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return prod(self.shape) * self.dtype.itemsize


class RowStore(Protocol):
    """Takes rows until all of the array's are there."""

    def append(self, rows: np.ndarray) -> None:
        """Take the next rows, of the array's dtype and row shape."""

    def finish(self) -> np.ndarray:
        """Return the array, all of whose rows have come."""


class MemoryRows:
    """Rows of an array in memory."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._array = np.empty(shape, dtype)
        self._n_rows = 0

    def append(self, rows: np.ndarray) -> None:
        """Copy the rows."""
        self._array[self._n_rows : self._n_rows + len(rows)] = rows
        self._n_rows += len(rows)

    def finish(self) -> np.ndarray:
        """Return the array itself."""
        return self._array


class FileRows:
    """Rows of a file in numpy's format, whose header tells the whole shape from the start.

    They are written as a stream rather than through a map: on a full disk that is an error, where
    a map ends the process. Until the last row has come, `numpy.load` refuses the file.

    Args:
        file: open for reading and writing, unbuffered; what it holds is kept until `keep` is
            called.
        shape: of the array.
        dtype: of the array.
    """

    def __init__(self, file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._file = file
        self._shape = shape
        self._dtype = dtype
        self._row_bytes = dtype.itemsize * prod(shape[1:])
        self._header = _header(shape, dtype)
        file.seek(0)
        file.write(self._header)

    def holds(self, n_rows: int, checksum: int) -> bool:
        """Whether the next so many rows are there and are those of the checksum; goes past them."""
        content = self._file.read(n_rows * self._row_bytes)
        return len(content) == n_rows * self._row_bytes and zlib.crc32(content) == checksum

    def keep(self, n_rows: int) -> None:
        """Drop all but the first rows and go on after them."""
        self._file.truncate(len(self._header) + n_rows * self._row_bytes)
        self._file.seek(0, io.SEEK_END)

    def append(self, rows: np.ndarray) -> None:
        """Write the rows at the end; they survive a kill of the process from here on."""
        content = memoryview(np.ascontiguousarray(rows)).cast("B")
        while content:
            content = content[self._file.write(content) :]

    def finish(self) -> np.ndarray:
        """Return a map of the file that is not to be written to."""
        return np.memmap(self._file, self._dtype, "r", offset=len(self._header), shape=self._shape)


def checksum(rows: np.ndarray) -> int:
    """Return the CRC-32 of rows as `FileRows` keeps them."""
    return zlib.crc32(np.ascontiguousarray(rows))


def _header(shape: tuple[int, ...], dtype: np.dtype) -> bytes:
    buffer = io.BytesIO()
    description = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, description)
    return buffer.getvalue()
