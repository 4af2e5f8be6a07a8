"""Masks beside images and labels in a file of MedMNIST's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.data.axes import image_axes
from topojax.data.dataset import SPLITS, SplitName
from topojax.data.foreground import foreground, resize_masks
from topojax.data.medmnist.reading import locate, spatial_dims_of
from topojax.data.npz import keys_of, read_npz
from topojax.errors import DataError


def masks_of_file(
    source: str | Path, *, size: int | None, data_root: Path | None
) -> dict[SplitName, np.ndarray]:
    """Return `{train,val,test}_masks` of a file, bool (n, *spatial) by split.

    Raises:
        DataError: the file cannot be read or lacks a key, or masks do not fit their images or are
            none (`foreground`).
        ConfigError: a size below 1 or beyond the memory.
    """
    path, facts = locate(source, size=size, data_root=data_root)
    held = keys_of(path)
    missing = [key for key in (f"{split}_masks" for split in SPLITS) if key not in held]
    if missing:
        raise DataError(
            f"{path} holds no {', '.join(missing)}; save masks under these keys beside the images, "
            "0 outside of what is to be found"
        )
    masks = {}
    for split in SPLITS:
        images, classes = read_npz(path, [f"{split}_images", f"{split}_masks"]).values()
        told = spatial_dims_of(path, facts, images.shape)
        images, dims = image_axes(images, f"{path}: {split}_images", told)
        found = foreground(classes, images.shape[: 1 + dims], name=f"{path}: {split}_masks")
        masks[split] = found if size is None else resize_masks(found, size, dims)
    return masks
