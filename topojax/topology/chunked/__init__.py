"""Exact topology of volumes that stay in their files, read in chunks, here or by many workers.

- `reading`: what can be read, and how a worker comes to it.
- `cutting`: the grid of chunks.
- `described`: what is computed of a chunk and how two parts are glued: curves or pairs.
- `kept`: finished parts in a folder, from which an interrupted run goes on.
- `gluing`: all chunks to one, in order here or by layers elsewhere.
- `tree`: the same by workers, pairwise.
"""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from topojax.errors import DataError, raised_as
from topojax.kernels.chunks import check_chunk_grid
from topojax.topology.chunked.cutting import Chunks, chunk_grid
from topojax.topology.chunked.described import Bars, Curves
from topojax.topology.chunked.gluing import glued
from topojax.topology.chunked.reading import Sliceable, Source

__all__ = ["Chunks", "Sliceable", "betti_curves", "persistence_pairs"]


def betti_curves(
    array: Sliceable,
    thresholds: np.ndarray,
    *,
    chunks: Chunks | None = None,
    mask: Sliceable | None = None,
    construction: Literal["T", "V"] = "T",
    executor: Executor | None = None,
    folder: Path | str | None = None,
    tasks: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Return the Betti numbers of a volume's sublevel sets, int64 (3, N), read chunk by chunk.

    They are those of `topojax.kernels.betti_curves` of the whole volume, whatever the chunks are.
    Without an executor one chunk is in memory, and of those before what their faces can still
    change. With one each worker has a chunk; they are glued pairwise, by workers as well.

    Args:
        array: (D, H, W) of real numbers; a voxel of +inf is absent.
        thresholds: (N,), finite, strictly increasing, N below 2^16.
        chunks: planes along the first axis that are read at once, or voxels along each axis; None:
            about 33 million voxels, of whole planes or of whole chunks of zarr.
        mask: bool (D, H, W), True where voxels are there; None: everywhere.
        construction: `T`, voxels are top-dimensional cells; `V`, voxels are vertices.
        executor: such as `concurrent.futures.ThreadPoolExecutor(2)` or a Dask client's
            `get_executor()`; None: all is done here. Workers of other processes open the file of a
            memory map or of zarr by themselves; parts of any other array are sent to them.
        folder: where finished parts are kept, so that an interrupted call goes on; it is made, and
            stays. None: nothing is kept.
        tasks: that the executor is given at most, each of layers of chunks one after the other, for
            schedulers on which every task waits for its turn; arrays are then in files. None: one
            task a chunk, and one for every two parts that are glued.
        progress: show a bar on a terminal.

    Raises:
        DataError: another number of axes, chunks below 1, a mask of another shape or dtype, NaN,
            numbers that are not real, thresholds that do not increase; with a folder, an array that
            is not in a file, or parts that are damaged.

    Example:
        >>> volume = np.ones((3, 3, 3))
        >>> volume[1, 1, 1] = 9
        >>> betti_curves(volume, np.array([1.0, 9.0]), chunks=1).tolist()
        [[1, 1], [0, 0], [1, 0]]
    """
    with raised_as(DataError):
        what = Curves(tuple(check_chunk_grid(thresholds).tolist()), _is_top(construction))
    source = Source.of(array, mask)
    return glued(source, chunk_grid(source, chunks), what, executor, folder, tasks, progress)


def persistence_pairs(
    array: Sliceable,
    *,
    chunks: Chunks | None = None,
    mask: Sliceable | None = None,
    construction: Literal["T", "V"] = "T",
    executor: Executor | None = None,
    folder: Path | str | None = None,
    tasks: int | None = None,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bars of dimensions 0 and 2 of a volume, float64 (n, 2) and (m, 2), by chunks.

    They are those of `topojax.kernels.persistence_pairs` of the whole volume, in the order (birth,
    death). All bars are in memory at the end, 16 bytes each: of white noise one a few voxels. Those
    of dimension 1 need the whole volume in memory, for `topojax.kernels.persistence_pairs`.

    Args:
        array, chunks, mask, construction, executor, folder, tasks, progress: as `betti_curves`.

    Raises:
        DataError: as `betti_curves`.

    Example:
        >>> volume = np.ones((3, 3, 3))
        >>> volume[1, 1, 1] = 9
        >>> [bars.tolist() for bars in persistence_pairs(volume, chunks=(2, 1, 3))]
        [[[1.0, inf]], [[1.0, 9.0]]]
    """
    what = Bars(_is_top(construction))
    source = Source.of(array, mask)
    return glued(source, chunk_grid(source, chunks), what, executor, folder, tasks, progress)


def _is_top(construction: Any) -> bool:
    if construction not in ("T", "V"):
        raise DataError(f"construction={construction!r}; expected 'T' or 'V'")
    return construction == "T"
