"""Checks of images and masks, and their conversion to the few types kernels compile for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import check_real, plain_array, plain_layout, read_only, split_masked
from .options import check_construction

_LARGEST_INTEGER = 2**53
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_AXES = {1: "W", 2: "H, W", 3: "D, H, W"}
_NO_MASK = read_only(np.empty((1, 0, 0, 0)), np.bool_)


def check_images(
    images: Any,
    name: str,
    *,
    batch: bool,
    dimensions: tuple[int, ...] = (1, 2, 3),
) -> np.ndarray:
    """Return images as read-only, C-ordered float32 or float64 (B, D, H, W), B = 1 for one image.

    1-D images become one row, 2-D images one slice. Values are unchanged: float16, bool and
    integers of up to 16 bits fit into float32, everything else into float64. Voxels that a masked
    array masks are +inf.

    Args:
        images: (B, W), (B, H, W) or (B, D, H, W) for a batch, else (W,), (H, W) or (D, H, W).
        name: of the argument, for messages.
        batch: the first axis counts images.
        dimensions: how many axes an image may have.

    Raises:
        TypeError: no real numbers, or numbers of more than 64 bits.
        ValueError: images of other dimensions, a NaN, or an integer beyond 2^53.
    """
    array = _checked_array(images, name, batch, dimensions)
    _refuse_nan(array, name)
    return _as_volumes(array, batch)


def image_volumes(
    images: Any,
    name: str,
    *,
    batch: bool,
    dimensions: tuple[int, ...] = (1, 2, 3),
) -> np.ndarray:
    """Return images as `check_images` does, but do not look for NaN, which the caller has to do.

    Raises:
        TypeError, ValueError: as `check_images`.
    """
    return _as_volumes(_checked_array(images, name, batch, dimensions), batch)


def _checked_array(images: Any, name: str, batch: bool, dimensions: tuple[int, ...]) -> np.ndarray:
    array = absent_as_infinite(images, name)
    if array.ndim - batch not in dimensions:
        raise ValueError(_wrong_shape(array.shape, name, batch, dimensions))
    _refuse_large_integers(array, name)
    return array


def _as_volumes(array: np.ndarray, batch: bool) -> np.ndarray:
    dtype = _float_for(array.dtype)
    samples, spatial = (array.shape[:1], array.shape[1:]) if batch else ((1,), array.shape)
    volumes = plain_layout(array, dtype).reshape(samples + (1, 1)[len(spatial) - 1 :] + spatial)
    # A view of its own, which spares another one.
    volumes.setflags(write=False)
    return volumes


def _wrong_shape(
    shape: tuple[int, ...], name: str, batch: bool, dimensions: tuple[int, ...]
) -> str:
    forms = [f"({'B, ' * batch}{_AXES[n]}{',' * (n == 1 and not batch)})" for n in dimensions]
    expected = f"expected {', '.join(forms[:-1])} or {forms[-1]}"
    if len(shape) - batch > max(dimensions):
        several = "" if batch else "betti_curves_batch takes a batch (B, D, H, W), and "
        return (
            f"{name} has shape {shape}, {len(shape)} dimensions; {expected}: {several}channels are "
            "passed one by one"
        )
    one = f": one image is {name}[np.newaxis]" if batch and len(shape) in dimensions else ""
    return f"{name} has shape {shape}; {expected}{one}"


def absent_as_infinite(images: Any, name: str) -> np.ndarray:
    """Return what was given as an array in which masked voxels are +inf, that is absent.

    Raises:
        TypeError: it holds no real numbers, or numbers of more than 64 bits.
        ValueError: a voxel that is not masked is NaN, or an integer beyond 2^53.
    """
    array, hidden = split_masked(images)
    check_real(array, name)
    if hidden is None:
        return array
    present = array[~hidden]
    _refuse_nan(present, name)
    _refuse_large_integers(present, name)
    dtype = _float_for(array.dtype)
    return np.where(hidden, dtype.type(np.inf), array.astype(dtype))


def _float_for(dtype: np.dtype) -> np.dtype:
    narrow = dtype.itemsize <= 2 or (dtype.kind == "f" and dtype.itemsize == 4)
    return _FLOAT32 if narrow else _FLOAT64


def _refuse_large_integers(array: np.ndarray, name: str) -> None:
    if array.dtype.kind == "f" or array.dtype.itemsize < 8 or array.size == 0:
        return
    if max(int(array.max()), -int(array.min())) > _LARGEST_INTEGER:
        raise ValueError(f"{name} has integers beyond 2^53, which float64 rounds; rescale it")


def _refuse_nan(array: np.ndarray, name: str) -> None:
    if array.dtype.kind == "f" and any_nan(array):
        raise nan_error(name)


def any_nan(array: np.ndarray) -> bool:
    """Return whether floats have NaN."""
    if array.size == 0:
        return False
    lowest = array.min()
    # True of a NaN; isnan would take as long as the least value of a small image.
    return bool(lowest != lowest)


def nan_error(name: str, where: str = "") -> ValueError:
    """Return the error that refuses NaN in images of that name."""
    return ValueError(f"{name} has NaN{where}; replace it, or set absent voxels to +inf")


def check_masks(masks: Any, images: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return masks as read-only bool (B, D, H, W), or (1, 0, 0, 0) where there are none.

    Args:
        masks: bool of the images' shape, or None.
        images: what `check_images` returned.
        shape: the images' shape as the caller gave it.

    Raises:
        TypeError: not bool.
        ValueError: another shape, or some of it is masked.
    """
    if masks is None:
        return _NO_MASK
    array = plain_array(masks, name)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} has dtype {array.dtype}; expected bool, such as {name} > 0")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; expected that of the image, {shape}")
    return read_only(array, np.bool_).reshape(images.shape)


def kernel_dimensions(dimensions: int) -> int:
    """Return of how many dimensions kernels take an image to be: of 2 if it is one row."""
    return max(dimensions, 2)


def check_sample(image: Any, mask: Any, construction: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return one image as a batch of one, its mask, and whether voxels are top-dimensional cells.

    Raises:
        TypeError, ValueError: as `check_images`, `check_masks` and `check_construction`.
    """
    top = check_construction(construction)
    images = check_images(image, "image", batch=False)
    return images, check_masks(mask, images, np.shape(image), "mask"), top
