"""Masks of a data set by name or path, as `read_dataset` takes it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np

from topojax.data.dataset import SplitName
from topojax.data.masks.of_file import masks_of_file
from topojax.data.masks.of_scans import masks_of_scans
from topojax.data.registered.table import registered

Masks: TypeAlias = dict[SplitName, np.ndarray]
"""By split, bool (n, *spatial), one mask an image."""


def read_masks(
    source: str | Path,
    size: int | None = None,
    *,
    data_root: Path | None = None,
    progress: bool = True,
) -> Masks:
    """Return the masks of the images that `read_dataset` returns of the same source and size.

    All classes that were drawn are foreground.

    Args:
        source: a file with `{train,val,test}_masks` beside images and labels, or a data set behind
            a registration whose scans have masks: `brats2019`, `brats2021` (`SCAN_seg.nii.gz`).
        size: see `read_dataset`; half or more of a voxel is foreground.
        data_root: see `read_dataset`.
        progress: show a bar on a terminal.

    Raises:
        DataError: there are no masks, and which keys or files are missing; they cannot be read; or
            they do not fit their images or are none.
        ConfigError: a size below 1 or beyond the memory.
    """
    if registered(str(source)) is None:
        return masks_of_file(source, size=size, data_root=data_root)
    return masks_of_scans(str(source), size=size, data_root=data_root, progress=progress)
