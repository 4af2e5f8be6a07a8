"""TIFF images and stacks by the package tifffile."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from topojax.data.memory import refuse_beyond_memory
from topojax.data.scans.colour import without_alpha
from topojax.data.scans.grey import inverted
from topojax.data.scans.pictures.tiff_spacing import tiff_spacing
from topojax.data.scans.refusals import check_exists, damage_named, library
from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown

TIFF_SUFFIXES = (".tif", ".tiff")
_KIND = "TIFF"
# TIFF 6.0, sections 8, 18 (extra samples: none, or alpha of either kind) and 22.
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
_RGB, _PALETTE, _YCBCR = 2, 3, 6
_EXTRA = ((), (1,), (2,))
_JPEG = (6, 7)
# tifffile's letters: depth, pages without a meaning, a sequence of pages.
_SLICES = ("Z", "Q", "I")


def read_tiff(path: Path) -> Scan:
    """Return the image of a TIFF file, (rows, columns), or its stack, (slices, rows, columns).

    Pages of one size are slices, of pyramids the finest level is taken; colour has a last axis of
    3. Spacing is known of ImageJ's and OME's files.

    Raises:
        DataError: tifffile is absent; the file is missing, damaged or too large for the memory;
            its compression needs imagecodecs; it is a time series, has other channels than grey or
            colour, is transparent, or holds images of several sizes.
    """
    tifffile = library("tifffile", "pictures", path)
    check_exists(path)
    with damage_named(path, _KIND), complaints_raised(), tifffile.TiffFile(path) as file:
        series, page = one_series(file, path)
        dims = spatial_dims(series.axes, path)
        # As decoded, turned over or spread over a palette, and as float32.
        needed = math.prod(series.shape) * (2 * series.dtype.itemsize + 4)
        refuse_beyond_memory(str(path), needed)
        check_decoder(page, path)
        pixels = series.asarray()
        spacing = tiff_spacing(file, dims)
        sampled = "S" in series.axes
        if sampled:
            pixels = np.moveaxis(pixels, series.axes.index("S"), -1)
        voxels, notes = _grey_or_colour(pixels, page, sampled, path)
    if series.axes[0] in _SLICES[1:]:
        notes += ("pages taken as slices",)
    return Scan(voxels, dims, None, spacing, notes)


def one_series(file: Any, path: Path) -> tuple[Any, Any]:
    """Return the only series of a TIFF file that tifffile has opened, and its first page.

    Raises:
        DataError: it has several, no real numbers, or lacks pages.
    """
    if len(file.series) != 1:
        shapes = ", ".join(str(series.shape) for series in file.series[:4])
        raise DataError(
            f"{path} holds {len(file.series)} images of different sizes or kinds ({shapes}); "
            "expected one image or stack: export the one to take"
        )
    series = file.series[0]
    # tifffile reads pages that are said to be elsewhere as zeros.
    if any(page is None for page in series.pages):
        raise DataError(f"{path} lacks some of its pages; get the files of its set again")
    if series.dtype is None or series.dtype.kind not in "buif":
        raise DataError(f"{path} has dtype {series.dtype}; expected real numbers")
    return series, series.keyframe


def spatial_dims(axes: str, path: Path) -> int:
    """Return 2 of an image, 3 of a stack, by tifffile's letters of a series' axes.

    Raises:
        DataError: there are others: times, channels.
    """
    spatial = axes.replace("S", "", 1)
    if spatial == "YX":
        return 2
    if len(spatial) == 3 and spatial[0] in _SLICES and spatial[1:] == "YX":
        return 3
    what = (
        "a time series" if "T" in axes else "several channels" if "C" in axes else "another order"
    )
    raise DataError(
        f"{path} has axes {shown(axes)}, {what}; expected rows and columns (YX), slices of them "
        "(ZYX), or these in colour (S): export the image to take"
    )


def check_decoder(page: Any, path: Path) -> None:
    """Raise DataError where there is no decoder for a page's compression."""
    tiff = library("tifffile", "pictures", path).TIFF
    try:
        tiff.DECOMPRESSORS[page.compression]
        tiff.UNPREDICTORS[page.predictor]
    except KeyError:
        name = getattr(page.compression, "name", page.compression)
        raise DataError(
            f"{path} is compressed as {name}, for which there is no decoder; "
            "pip install 'topojax[pictures]', or save it without compression"
        ) from None


def _grey_or_colour(
    pixels: np.ndarray, page: Any, sampled: bool, path: Path
) -> tuple[np.ndarray, tuple[str, ...]]:
    kind = int(page.photometric)
    if kind == _PALETTE and not sampled:
        return np.moveaxis(page.colormap[:, pixels], 0, -1), ("palette expanded to RGB",)
    if not _known_channels(page, kind, pixels.shape[-1] if sampled else 1):
        name = getattr(page.photometric, "name", page.photometric)
        raise DataError(
            f"{path} has other channels than grey or RGB, with alpha or without (it is "
            f"{shown(str(name))} of shape {pixels.shape}); convert it"
        )
    notes: tuple[str, ...] = ()
    if sampled:
        pixels, notes = without_alpha(pixels, path)
    if kind == WHITE_IS_ZERO:
        return inverted(pixels, int(page.bitspersample)), (*notes, "white is zero: inverted")
    return pixels, notes


def _known_channels(page: Any, kind: int, channels: int) -> bool:
    grey = kind in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    # tifffile leaves luminance and chrominance as they are, a decoder of JPEG does not.
    colour = kind == _RGB or (kind == _YCBCR and int(page.compression) in _JPEG)
    extra = tuple(int(sample) for sample in page.extrasamples)
    expected = (1 if grey else 3) + len(extra)
    return (grey or colour) and extra in _EXTRA and channels == expected


class _Complaints(logging.Handler):
    """Keeps what a library says is wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.messages.append(record.getMessage())


@contextmanager
def complaints_raised() -> Iterator[None]:
    """Raise ValueError where tifffile only logs that pages or tags of a file cannot be read."""
    logger, complaints = logging.getLogger("tifffile"), _Complaints()
    logger.addHandler(complaints)
    try:
        yield
    finally:
        logger.removeHandler(complaints)
    if complaints.messages:
        raise ValueError(complaints.messages[0])
