"""Exact Betti curves of volumes that stay in their file: read in slabs, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np
from tqdm import tqdm

from topojax.errors import DataError, raised_as
from topojax.kernels import betti_curves_slabs

# Of a slab, where no thickness is given; it takes some 30 bytes a voxel while it is counted.
_VOXELS_AT_ONCE = 2**24


class Sliceable(Protocol):
    """What is read in slabs: a numpy memory map, an array of zarr or HDF5."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""

    def __getitem__(self, index: slice) -> Any:
        """Return planes along the first axis."""


def betti_curves(
    array: Sliceable,
    thresholds: np.ndarray,
    *,
    chunks: int | None = None,
    mask: Sliceable | None = None,
    construction: Literal["T", "V"] = "T",
    progress: bool = False,
) -> np.ndarray:
    """Return the Betti numbers of a volume's sublevel sets, int64 (3, N), read slab by slab.

    They are those of `topojax.kernels.betti_curves` of the whole volume. Two slabs are in memory.

    Args:
        array: (D, H, W) of real numbers; a voxel of +inf is absent.
        thresholds: (N,), finite, strictly increasing.
        chunks: planes along the first axis that are read at once; None: about 16 million voxels.
        mask: bool (D, H, W), True where voxels are there; None: everywhere.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.
        progress: show a bar on a terminal.

    Raises:
        DataError: another number of axes, chunks below 1, a mask of another shape, NaN, numbers
            that are not real, or thresholds that do not increase.

    Example:
        >>> volume = np.ones((3, 3, 3))
        >>> volume[1, 1, 1] = 9
        >>> betti_curves(volume, np.array([1.0, 9.0]), chunks=1).tolist()
        [[1, 1], [0, 0], [1, 0]]
    """
    shape = tuple(array.shape)
    if len(shape) != 3:
        raise DataError(f"array has shape {shape}; expected a volume (D, H, W)")
    if mask is not None and tuple(mask.shape) != shape:
        raise DataError(f"mask has shape {tuple(mask.shape)}; expected the array's {shape}")
    planes = max(1, _VOXELS_AT_ONCE // max(1, shape[1] * shape[2])) if chunks is None else chunks
    if planes < 1:
        raise DataError(f"chunks={chunks}; expected at least one plane")
    with (
        raised_as(DataError),
        tqdm(
            total=shape[0], unit="plane", desc="Betti curves", disable=None if progress else True
        ) as bar,
    ):
        return betti_curves_slabs(
            _slabs(array, mask, planes, bar), thresholds, construction=construction
        )


def _slabs(array: Sliceable, mask: Sliceable | None, planes: int, bar: Any) -> Iterator[np.ndarray]:
    for start in range(0, array.shape[0], planes):
        rows = slice(start, start + planes)
        values = np.asarray(array[rows])
        yield values if mask is None else np.ma.masked_array(values, ~np.asarray(mask[rows]))
        bar.update(len(values))
