"""Images with ROIs under a bank of filtrations, as the transformers take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from topojax.topology.filtrations import filtered_bank
from topojax.topology.transformers.roi import RoiImages


def filtered_rois(rois: RoiImages, names: Sequence[str]) -> Iterator[tuple[str, RoiImages]]:
    """Yield each filtration's name with its values on the ROIs, one at a time.

    A filter sees the whole image, masks or not. Voxels that are absent from the image itself have
    no value that it could see: they are given that of the nearest voxel that is there, which is how
    scipy's boundary `nearest` goes on beyond an edge, and 0 where none is.

    Args:
        rois: of n images.
        names: of filtrations, no banks; those of the intensity keep the images' dtype.

    Raises:
        ConfigError, DataError: as `topojax.topology.filtered_bank`.
    """
    others = [name for name in names if not _is_intensity(name)]
    bank = filtered_bank(_extended(rois.images), others) if others else iter(())
    for name in names:
        if _is_intensity(name):
            yield name, rois if name == "intensity" else _negated(rois)
        else:
            yield name, RoiImages(next(bank)[1], rois.inside)


def _is_intensity(name: str) -> bool:
    return name.removeprefix("-") == "intensity"


def _negated(rois: RoiImages) -> RoiImages:
    absent = rois.images.dtype.type(np.inf)
    return RoiImages(np.where(np.isinf(rois.images), absent, -rois.images), rois.inside)


def _extended(images: np.ndarray) -> np.ndarray:
    """Return the images with every voxel of +inf given the value of the nearest finite one."""
    from scipy import ndimage

    absent = np.isinf(images)
    if not absent.any():
        return images
    whole = np.where(absent, images.dtype.type(0), images)
    for i in np.flatnonzero(absent.reshape(len(images), -1).any(axis=1)):
        if not absent[i].all():
            nearest = ndimage.distance_transform_edt(
                absent[i], return_distances=False, return_indices=True
            )
            whole[i] = images[i][tuple(nearest)]
    return whole
