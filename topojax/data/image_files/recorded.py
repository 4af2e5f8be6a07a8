"""Images as other libraries hand them over: paths, arrays, PIL images, encoded bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.axes import has_two_readings
from topojax.data.scans import Scan, read_scan
from topojax.data.scans.colour import without_alpha
from topojax.data.scans.refusals import damage_named, library
from topojax.errors import DataError
from topojax.masked import refuse_masked

# Of PIL images with a palette, and of ones whose pixels are no bytes of grey or colour.
_TO_RGB = ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV")


def recorded_scan(
    value: Any, name: str, *, channel_axis: int | None, spatial_dims: int | None
) -> Scan:
    """Return an image of a record.

    Known by what they can do, not by their class: a path; a mapping with `path` or `bytes`, as
    Hugging Face's data sets store images; a PIL image; or what numpy makes an array of, such as a
    tensor. One with an `affine`, such as MONAI's, lies where that says.

    Args:
        value: what the record holds.
        name: of the record, for messages.
        channel_axis: of arrays with channels, 0 for MONAI's; None: they have none, or, of three
            channels in 2-D, the last.
        spatial_dims: 2 or 3; None: the shape has to tell.

    Raises:
        DataError: it is none of these, cannot be read, or its shape may be read in two ways.
    """
    if isinstance(value, str | os.PathLike):
        return read_scan(Path(value))
    if isinstance(value, Mapping):
        return _of_mapping(value, name)
    if hasattr(value, "convert") and hasattr(value, "mode"):
        return _of_picture(value, name)
    affine = getattr(value, "affine", None)
    refuse_masked(value, name)
    with damage_named(Path(name), "an array"):
        voxels = np.asarray(value)
    return _of_array(voxels, affine, name, channel_axis, spatial_dims)


def _of_mapping(value: Mapping[str, Any], name: str) -> Scan:
    path, content = value.get("path"), value.get("bytes")
    if content is not None:
        library("imageio.v3", "pictures", Path(name))
        pillow = library("PIL.Image", "pictures", Path(name))
        with damage_named(Path(name), "a picture"):
            return _of_picture(pillow.open(io.BytesIO(content), formats=["PNG", "JPEG"]), name)
    if path is None:
        raise DataError(f"{name} is a mapping of {sorted(value)}; expected path or bytes")
    return read_scan(Path(path))


def _of_picture(picture: Any, name: str) -> Scan:
    with damage_named(Path(name), "a picture"):
        pixels = np.asarray(picture.convert("RGB") if picture.mode in _TO_RGB else picture)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    if pixels.ndim == 2:
        return Scan(pixels, 2)
    seen, notes = without_alpha(pixels, Path(name))
    return Scan(seen, 2, notes=notes)


def _of_array(
    voxels: np.ndarray,
    affine: Any,
    name: str,
    channel_axis: int | None,
    spatial_dims: int | None,
) -> Scan:
    if voxels.dtype.kind not in "buif":
        raise DataError(f"{name} has dtype {voxels.dtype}; expected real numbers")
    if channel_axis is not None:
        voxels = _channels_last(voxels, channel_axis, name)
    elif spatial_dims is None and has_two_readings((1, *voxels.shape)):
        raise DataError(
            f"{name} has shape {voxels.shape}, of a volume or of an image with channels; say "
            "which: spatial_dims=3 for volumes, or channel_axis=0 or -1 where there are channels"
        )
    dims = spatial_dims or voxels.ndim - (channel_axis is not None)
    if voxels.ndim == dims + 1 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    is_colour = voxels.ndim == dims + 1 and voxels.shape[-1] == 3
    if dims not in (2, 3) or not (voxels.ndim == dims or is_colour):
        raise DataError(
            f"{name} has shape {voxels.shape}; expected 2 or 3 spatial axes, and 1 or 3 channels "
            "in channel_axis if there are any"
        )
    placed = None if affine is None or dims == 2 else _affine(affine, name)
    spacing = None
    if placed is not None:
        lengths = np.linalg.norm(placed[:3, :3], axis=0)
        spacing = tuple(float(length) for length in lengths)
    return Scan(voxels, dims, placed, spacing)


def _channels_last(voxels: np.ndarray, channel_axis: int, name: str) -> np.ndarray:
    if not -voxels.ndim <= channel_axis < voxels.ndim:
        raise DataError(f"channel_axis={channel_axis}; {name} has shape {voxels.shape}")
    return np.moveaxis(voxels, channel_axis, -1)


def _affine(affine: Any, name: str) -> np.ndarray:
    found = np.asarray(affine, np.float64)
    if found.shape != (4, 4) or not np.isfinite(found).all():
        raise DataError(f"{name} has an affine of shape {found.shape}; expected finite (4, 4)")
    if np.linalg.matrix_rank(found[:3, :3]) < 3:
        raise DataError(f"{name} has an affine without an inverse; expected three directions")
    return found
