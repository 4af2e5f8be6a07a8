"""One volume made ready: its levels on the padded grid and its critical voxels."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from .bitplanes import plane_count, write_planes
from .compiling import inlined
from .critical import list_critical
from .levels import Box, Layout, bounding_box, padded_layout, write_levels
from .order import earlier_offsets, write_order

_LARGEST_KEPT = 64 * 2**20
_kept = threading.local()


class Workspace(NamedTuple):
    """Arrays over the padded volume, reused from sample to sample.

    levels: uint8, uint32 or uint64, the first that holds all levels.
    basins: int32 where all positions fit, else int64; of the merge tree that was grown last.
    planes, order, codes: uint64, flat; see `bitplanes`, `order` and `critical`.
    voxels, words: room for the critical voxels.
    """

    levels: np.ndarray
    basins: np.ndarray
    planes: np.ndarray
    order: np.ndarray
    codes: np.ndarray
    voxels: np.ndarray
    words: np.ndarray


class Critical(NamedTuple):
    """Critical voxels in raster order: flat positions, and earlier words, int32."""

    voxels: np.ndarray
    words: np.ndarray


class Volume(NamedTuple):
    """A volume whose Betti numbers can be counted; `box.depth` is 0 where nothing ever enters."""

    box: Box
    layout: Layout
    border: int
    critical: Critical


def make_workspace(shape: tuple[int, ...], n_levels: int, volumetric: bool) -> Workspace:
    """Return work arrays for volumes of up to `shape` (D, H, W): the thread's last, or new ones.

    Touching new memory takes longer than the work on a small volume, so that every thread keeps
    what it used last, up to 64 MiB. Not compiled, since numpy asks the system for large pages.
    """
    # As plain Python: compiling them would take longer.
    n_words = padded_layout.py_func(Box(0, 0, 0, *shape), volumetric).n_words
    n_planes = plane_count.py_func(n_levels)
    levels = np.uint8 if n_planes <= 8 else np.uint32 if n_planes <= 32 else np.uint64
    positions = np.int32 if 64 * n_words < 2**31 else np.int64
    sizes = {
        "levels": (64 * n_words, levels),
        "basins": (64 * n_words, positions),
        "planes": (n_planes * n_words, np.uint64),
        "order": ((13 if volumetric else 4) * n_words, np.uint64),
        "codes": (8 * n_words, np.uint64),
        "voxels": (64 * n_words, positions),
        "words": (64 * n_words, np.int32),
    }
    kept = getattr(_kept, "workspace", None)
    if kept is not None and all(
        getattr(kept, name).size >= size and getattr(kept, name).dtype == dtype
        for name, (size, dtype) in sizes.items()
    ):
        return kept
    work = Workspace(**{name: np.empty(size, dtype) for name, (size, dtype) in sizes.items()})
    if sum(array.nbytes for array in work) <= _LARGEST_KEPT:
        _kept.workspace = work
    return work


@inlined
def load_volume(
    work: Workspace,
    values: np.ndarray,
    mask: np.ndarray,
    grid: np.ndarray,
    volumetric: bool,
    top: bool,
) -> Volume:
    """Fill `work.levels` and list the critical voxels.

    Args:
        values: float32 or float64 (D, H, W).
        mask: bool (D, H, W), or of no voxels where there is none.
        grid: float64 (N,), not decreasing.
    """
    box = bounding_box(mask) if mask.size else Box(0, 0, 0, *values.shape)
    layout = padded_layout(box, volumetric)
    n_planes = plane_count(grid.size)
    border = (1 << n_planes) - 1
    if box.depth == 0:
        nothing = Critical(np.empty(0, work.basins.dtype), np.empty(0, np.int32))
        return Volume(box, layout, border, nothing)
    write_levels(values, mask, grid, box, layout, border, work.levels)
    return Volume(box, layout, border, classify(work, n_planes, layout, top))


@inlined
def classify(work: Workspace, n_planes: int, layout: Layout, top: bool) -> Critical:
    """List the critical voxels by `work.levels`; overwrites the rest of `work`."""
    write_planes(work.levels, n_planes, layout, work.planes)
    offsets = earlier_offsets(layout)
    write_order(work.planes, n_planes, offsets, layout, work.order)
    count = list_critical(
        work.planes,
        n_planes,
        work.order,
        offsets,
        layout,
        top,
        work.codes,
        work.voxels,
        work.words,
    )
    return Critical(work.voxels[:count], work.words[:count])
