"""Images of ROIs as the transformers take them: a voxel of +inf is absent.

scikit-learn's Pipeline hands one array from step to step, so that an ROI travels inside the images:
what lies outside it is +inf. Kernels and transformers read that as "no such voxel". Masks beside
the images say the same, where the caller can pass them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from topojax.errors import DataError

Background = Literal["exclude", "zero"]

# The largest integer up to which float64 holds every integer.
_LARGEST_INTEGER = 2**53


@dataclass(frozen=True)
class RoiImages:
    """Images and the voxels of them that count.

    Attributes:
        images: float32 or float64 (n, *spatial), finite inside.
        inside: bool (n, *spatial), the ROIs.
    """

    images: np.ndarray
    inside: np.ndarray

    @property
    def spatial_dims(self) -> int:
        """Number of spatial axes d, 2 or 3."""
        return self.images.ndim - 1

    @property
    def voxels(self) -> np.ndarray:
        """Number of voxels V' of each ROI, int64 (n,)."""
        return np.count_nonzero(self.inside.reshape(len(self.inside), -1), axis=1)

    def filtered(self, background: Background) -> np.ndarray:
        """Return the images with +inf (`exclude`) or 0 (`zero`) outside the ROIs."""
        outside = np.inf if background == "exclude" else 0.0
        return np.where(self.inside, self.images, self.images.dtype.type(outside))


def roi_images(images: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
    """Return images with +inf outside their ROIs, which is how an ROI passes through a Pipeline.

    Args:
        images: (n, H, W) or (n, D, H, W), bool, integer or float; +inf where absent already.
        masks: bool, the images' shape; None: all voxels.

    Returns:
        The images' shape: float64 for float64 and for integers of 32 and 64 bits, else float32.

    Raises:
        DataError: no images, another shape or dtype, NaN, -inf, integers beyond 2^53, or masks
            that are not bool or of another shape.

    Example:
        >>> images = np.array([[[1, 2], [3, 4]]], np.uint8)
        >>> roi_images(images, images < 4).tolist()
        [[[1.0, 2.0], [3.0, inf]]]
    """
    return read_rois(images, masks).filtered("exclude")


def read_rois(images: np.ndarray, masks: np.ndarray | None) -> RoiImages:
    """Check images and masks as `roi_images` says, and join the masks with the absent voxels."""
    array = np.asarray(images)
    _check_images(array)
    kept = array.dtype in (np.float32, np.float64)
    narrow = array.dtype.itemsize <= 2
    volumes: np.ndarray = array if kept else array.astype(np.float32 if narrow else np.float64)
    present = volumes < np.inf
    if masks is None:
        return RoiImages(volumes, present)
    given = np.asarray(masks)
    if given.dtype != np.bool_:
        raise DataError(f"masks has dtype {given.dtype}; expected bool, such as masks > 0")
    if given.shape != array.shape:
        raise DataError(f"masks has shape {given.shape}; expected that of X, {array.shape}")
    return RoiImages(volumes, present & given)


def _check_images(array: np.ndarray) -> None:
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind not in "fiub" or width > 8:
        raise DataError(f"X has dtype {array.dtype}; expected bool, integer or float up to 64 bits")
    if array.ndim not in (3, 4):
        raise DataError(f"X has shape {array.shape}; expected grey (n, H, W) or (n, D, H, W)")
    if array.size == 0:
        raise DataError(f"X has shape {array.shape}; expected at least one image with a voxel")
    if kind == "f":
        lowest = array.min()
        if np.isnan(lowest):
            raise DataError("X has NaN; replace it, or set absent voxels to +inf")
        if lowest == -np.inf:
            raise DataError("X has -inf; expected finite values, or +inf where a voxel is absent")
    elif width == 8 and max(int(array.max()), -int(array.min())) > _LARGEST_INTEGER:
        raise DataError("X has integers beyond 2^53, which float64 rounds; rescale it")
