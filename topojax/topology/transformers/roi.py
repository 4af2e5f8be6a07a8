"""Images of ROIs as the transformers take them: a voxel of +inf is absent.

scikit-learn's Pipeline hands one array from step to step, so that an ROI travels inside the images:
what lies outside it is +inf. Kernels and transformers read that as "no such voxel". Masks beside
the images say the same, where the caller can pass them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topojax.data.axes import image_axes
from topojax.errors import DataError, raised_as
from topojax.kernels.arguments import Background, absent_as_infinite, check_images, check_masks
from topojax.topology.intensity import grey_images


@dataclass(frozen=True)
class RoiImages:
    """Images and the voxels of them that count.

    Attributes:
        images: float32 or float64 (n, *spatial), finite inside, or +inf where a filtration leaves a
            voxel out; not to be written to.
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
        images: (n, H, W) or (n, D, H, W), bool, integer or float; +inf, or masked in a masked
            array, where absent already.
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


def read_grey_images(
    images: np.ndarray, spatial_dims: int | None, *, because: str = ""
) -> np.ndarray:
    """Return grey images (n, *spatial) of images whose axes are read as everywhere in topojax.

    Masked voxels become +inf, colour images their luma; a last axis of one channel is dropped.

    Args:
        images: (n, *spatial) or (n, *spatial, channels).
        spatial_dims, because: as `topojax.data.axes.image_axes`.

    Raises:
        DataError: as `topojax.data.axes.image_axes`.
    """
    with raised_as(DataError):
        present = absent_as_infinite(images, "X")
    array, dims = image_axes(present, "X", spatial_dims, because=because)
    return grey_images(array, dims) if array.ndim == dims + 2 else array


def read_rois(images: np.ndarray, masks: np.ndarray | None) -> RoiImages:
    """Check images and masks as `roi_images` says, and join the masks with the absent voxels."""
    shape = np.shape(images)
    with raised_as(DataError):
        volumes = check_images(images, "X", batch=True, dimensions=(2, 3))
        inside = None if masks is None else check_masks(masks, volumes, shape, "masks")
    if volumes.size == 0:
        raise DataError(f"X has shape {shape}; expected at least one image with a voxel")
    if volumes.min() == -np.inf:
        raise DataError("X has -inf; expected finite values, or +inf where a voxel is absent")
    present = volumes < np.inf
    if inside is not None:
        present &= inside
    return RoiImages(volumes.reshape(shape), present.reshape(shape))
