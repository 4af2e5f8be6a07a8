"""Volumes whose voxels are read when they are asked for, also by workers elsewhere."""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from topojax.errors import DataError, raised_as
from topojax.files import file_identity
from topojax.kernels.chunks import Extent, check_chunk, check_lengths


class Sliceable(Protocol):
    """What is read in parts: a numpy memory map, an array of zarr or HDF5, a volume of ours.

    `[first:last]` returns planes. Chunks that are cut along other axes, too, are read by three
    slices. Whoever can say by which text it is told from others and from itself after a change has
    a method `identity()`, and can be read by runs that go on.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""

    def __getitem__(self, index: Any) -> Any:
        """Return voxels."""


@dataclass(frozen=True)
class MappedFile:
    """The array of a numpy memory map, which each process maps for itself.

    Attributes:
        path, dtype, offset, shape, order: of the map.
    """

    path: Path
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    order: Any

    @classmethod
    def of(cls, array: np.memmap) -> MappedFile:
        """Describe a map, not a view of one, whose place in the file numpy does not tell."""
        order = "C" if array.flags.c_contiguous else "F"
        path = Path(str(array.filename))
        return cls(path, array.dtype, array.offset, tuple(array.shape), order)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return voxels, copied."""
        mapped = np.memmap(self.path, self.dtype, "r", self.offset, self.shape, self.order)
        return np.array(mapped[index])

    def identity(self) -> str:
        """Return the file, its size and when it was changed."""
        return f"{file_identity(self.path)} {self.offset} {self.order}"


@dataclass(frozen=True)
class Source:
    """A volume and where its voxels are.

    Attributes:
        array: (D, H, W).
        mask: bool (D, H, W), or None.
    """

    array: Sliceable
    mask: Sliceable | None

    @classmethod
    def of(cls, array: Sliceable, mask: Sliceable | None) -> Source:
        """Check a volume and its mask.

        Raises:
            DataError: as `betti_curves`.
        """
        shape = tuple(array.shape)
        if len(shape) != 3 or 0 in shape:
            raise DataError(
                f"array has shape {shape}; expected a volume (D, H, W), no axis of 0; a plane is a "
                "volume of one, array[np.newaxis]"
            )
        with raised_as(DataError):
            check_lengths(shape)
        if mask is None:
            return cls(_by_path(array), None)
        if tuple(mask.shape) != shape:
            raise DataError(f"mask has shape {tuple(mask.shape)}; expected the array's {shape}")
        dtype = getattr(mask, "dtype", np.dtype(bool))
        if dtype != np.bool_:
            raise DataError(f"mask has dtype {dtype}; expected bool, such as mask > 0")
        return cls(_by_path(array), _by_path(mask))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (D, H, W)."""
        depth, height, width = map(int, self.array.shape)
        return depth, height, width

    def read(self, extent: Extent) -> np.ndarray:
        """Return the voxels of a chunk, float32 or float64 (k, h, w); absent ones are +inf.

        Raises:
            DataError: NaN, or numbers that are not real.
        """
        values = np.asanyarray(_part(self.array, extent))
        if self.mask is not None:
            values = np.ma.masked_array(values, ~np.asarray(_part(self.mask, extent)))
        with raised_as(DataError):
            return check_chunk(values, f"array from {extent.low} to {extent.high}")

    def to_send(self, extent: Extent) -> Callable[[], np.ndarray]:
        """Return what reads a chunk in another process, where the arrays are in files.

        Arrays in memory are read here and now.

        Raises:
            DataError: as `read`.
        """
        if isinstance(self.array, np.ndarray) or isinstance(self.mask, np.ndarray):
            return partial(_as_sent, self.read(extent))
        return partial(self.read, extent)

    def check_in_files(self, why: str) -> None:
        """Raise DataError where an array is in memory, and would be sent whole."""
        for name, array in (("array", self.array), ("mask", self.mask)):
            if isinstance(array, np.ndarray):
                raise DataError(
                    f"{why} with {name} in memory, all of which each task would be sent; save it, "
                    "and give np.load(path, mmap_mode='r')"
                )

    def check_sent(self) -> None:
        """Raise DataError unless other processes can be told where the voxels are."""
        for name, array in (("array", self.array), ("mask", self.mask)):
            if isinstance(array, np.ndarray):
                continue  # its voxels are sent
            try:
                pickle.dumps(array)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                raise DataError(
                    f"{name} is a {type(array).__name__} that cannot be sent to other processes "
                    f"({error}); give a memory map, an array of zarr, or a volume of "
                    "topojax.data.big_volumes.open_volume, or let threads do it"
                ) from error

    def identity(self) -> str:
        """Return what tells these voxels from others.

        Raises:
            DataError: an array that is not in a file.
        """
        mask = "" if self.mask is None else _identity(self.mask, "mask")
        return f"{_identity(self.array, 'array')} {mask}"


def _as_sent(values: np.ndarray) -> np.ndarray:
    return values


def _by_path(array: Sliceable) -> Sliceable:
    """Return a memory map by its path: pickled, it would be all of its voxels."""
    is_whole = isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap)
    return MappedFile.of(array) if is_whole else array  # type: ignore[arg-type]


def _part(array: Sliceable, extent: Extent) -> Any:
    planes, *others = map(slice, extent.low, extent.high)
    return array[planes] if extent.shape[1:] == tuple(array.shape[1:]) else array[planes, *others]


def _identity(array: Sliceable, name: str) -> str:
    if hasattr(array, "identity"):
        return array.identity()
    # Of a local store of zarr: all of its files.
    store = getattr(array, "store", None)
    root = getattr(store, "root", None)
    if root is None or not Path(root).exists():
        raise DataError(
            f"{name} is a {type(array).__name__} that is not in a file here; finished parts are "
            "kept of memory maps, local zarr arrays and what has a method identity(): leave folder "
            "out"
        )
    return f"{array.path} {file_identity(Path(root))}"  # type: ignore[attr-defined]
