"""Masks of scans behind a registration, from the files beside the scans'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from topojax.data.dataset import SPLITS, SplitName
from topojax.data.foreground import foreground, resize_masks
from topojax.data.registered.reading import USUAL_SIZE, find_splits
from topojax.data.registered.registered_dataset import RegisteredDataset
from topojax.errors import DataError


def masks_of_scans(
    source: str, *, size: int | None, data_root: Path | None, progress: bool
) -> dict[SplitName, np.ndarray]:
    """Return the masks of the scans that `read_registered` returns, bool (n, size, size, size).

    They are in the same splits, in the same order and at the same size.

    Raises:
        DataError: the data set is published without masks; one is missing, cannot be read, or has
            another shape than its scan; and as `find_splits`.
        ConfigError: a size below 1 or beyond the memory.
    """
    found = find_splits(source, data_root)
    find = found.dataset.find_mask
    if find is None:
        raise DataError(
            f"{found.dataset.name} is published without masks; save your own as train_masks, "
            "val_masks and test_masks beside images and labels in an npz file, and give that file"
        )
    # All are looked for before any is read, which takes minutes.
    pairs = {s: [(scan.path, find(scan.path)) for scan in found.scans[s]] for s in SPLITS}
    edge = USUAL_SIZE if size is None else size
    bar = tqdm(
        total=sum(map(len, pairs.values())),
        desc=f"{found.name}, masks",
        unit="scan",
        disable=None if progress else True,
    )
    with bar:
        masks = {}
        for split, files in pairs.items():
            parts = []
            for scan, drawn in files:
                parts.append(_mask(found.dataset, scan, drawn, edge))
                bar.update()
            masks[split] = np.stack(parts)
    return masks


def _mask(dataset: RegisteredDataset, scan: Path, drawn: Path, size: int) -> np.ndarray:
    """Return a mask, bool (size, size, size)."""
    shape = dataset.read_volume(scan).shape
    classes = dataset.read_volume(drawn)
    return resize_masks(foreground(classes[None], (1, *shape), name=str(drawn)), size, 3)[0]
