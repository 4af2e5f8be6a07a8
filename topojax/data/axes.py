"""Which axes of an array are spatial: known from its shape, told, or asked for; never guessed.

An axis of 1, 3 or 4 beside three others may be channels or slices: (n, 17, 21, 3) holds colour
images or volumes of three slices. Such arrays need to be told apart by whoever has them.
"""

from __future__ import annotations

import numpy as np

from topojax.errors import DataError

# Grey, RGB and RGBA.
_CHANNELS = (1, 3, 4)


def image_axes(
    array: np.ndarray, name: str, spatial_dims: int | None = None, *, because: str = ""
) -> tuple[np.ndarray, int]:
    """Return images (n, *spatial) or (n, *spatial, 3) and the number of their spatial axes.

    Args:
        array: a last axis of one channel is dropped.
        name: of the argument, for messages.
        spatial_dims: 2 or 3; None: the shape has to tell.
        because: why it is that number, for messages, such as `, as in fit`.

    Raises:
        DataError: another number of axes or channels, or a shape that may be read in two ways.
    """
    dims = _told_by_shape(array.shape, name) if spatial_dims is None else spatial_dims
    if dims not in (2, 3):
        raise DataError(f"spatial_dims={dims} of {name} must be 2 or 3")
    if array.ndim == dims + 1:
        return array, dims
    if array.ndim != dims + 2 or array.shape[-1] not in (1, 3):
        raise DataError(
            f"{name} has shape {array.shape}; expected (n, *spatial) or (n, *spatial, 3) with "
            f"{dims} spatial axes{because}{_advice(array.shape, dims)}"
        )
    return (array[..., 0] if array.shape[-1] == 1 else array), dims


def has_two_readings(shape: tuple[int, ...]) -> bool:
    """Tell whether a shape may be of images with channels and of volumes alike."""
    return len(shape) == 4 and (shape[1] in _CHANNELS or shape[-1] in _CHANNELS)


def in_words(images: np.ndarray, spatial_dims: int) -> str:
    """Return what images (n, *spatial) or (n, *spatial, 3) are: `5 colour images of 17 x 21`."""
    colour = "colour" if images.ndim == spatial_dims + 2 else "grey"
    kind = "images" if spatial_dims == 2 else "volumes"
    size = " x ".join(map(str, images.shape[1 : 1 + spatial_dims]))
    return f"{len(images)} {colour} {kind} of {size}"


def _told_by_shape(shape: tuple[int, ...], name: str) -> int:
    if has_two_readings(shape):
        size = " x ".join(map(str, shape[1:]))
        channels = shape[-1] if shape[-1] in _CHANNELS else shape[1]
        raise DataError(
            f"{name} has shape {shape}, of grey volumes of {size} or of images with {channels} "
            f"channel{'s' * (channels > 1)}; say which: spatial_dims=3 (--spatial-dims 3) for "
            "volumes, 2 for images"
        )
    if len(shape) in (3, 4, 5):
        return 2 if len(shape) == 3 else 3
    raise DataError(
        f"{name} has shape {shape}; expected (n, H, W), (n, H, W, 3), (n, D, H, W) or "
        f"(n, D, H, W, 3){': one image is images[np.newaxis]' * (len(shape) == 2)}"
    )


def _advice(shape: tuple[int, ...], dims: int) -> str:
    if len(shape) != dims + 2:
        return ""
    if shape[1] in _CHANNELS:
        return "; channels come last: np.moveaxis(images, 1, -1)"
    if shape[-1] == 4:
        return "; leave the fourth channel out: images[..., :3]"
    return "; channels of other numbers are passed one by one: images[..., 0]"
