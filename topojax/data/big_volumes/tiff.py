"""Volumes of TIFF: the pages of one file, or a folder of files of one plane each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from topojax.data.big_volumes.volume import Box, FileVolume, check_volume
from topojax.data.scans.grey import inverted
from topojax.data.scans.pictures.tiff import (
    BLACK_IS_ZERO,
    TIFF_SUFFIXES,
    WHITE_IS_ZERO,
    check_decoder,
    complaints_raised,
    one_series,
    spatial_dims,
)
from topojax.data.scans.refusals import damage_named, inside, library, say_left_out
from topojax.errors import DataError, shown


class Pixels(NamedTuple):
    """What the planes of a stack have to share.

    Attributes:
        shape: of a plane, (H, W).
        dtype: as stored.
        turned_over: bits of a pixel, where white is zero; 0 where black is.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    turned_over: int

    def grey(self, stored: np.ndarray) -> np.ndarray:
        """Return pixels of which more is brighter."""
        return inverted(stored, self.turned_over) if self.turned_over else stored

    def stacked(
        self, decoded: Iterator[np.ndarray], planes: slice, within: Sequence[slice]
    ) -> np.ndarray:
        """Return what lies `within` planes that are decoded one by one, (k, h, w) as stored."""
        lengths = [one.stop - one.start for one in (planes, *within)]
        found = np.empty(lengths, self.dtype)
        for into, plane in zip(found, decoded, strict=True):
            into[...] = plane[tuple(within)]
        return found


@dataclass(frozen=True, kw_only=True)
class TiffPages(FileVolume):
    """The pages of a TIFF file.

    Attributes:
        pixels: of every page.
        offset: of the first voxel, where they lie one behind the other; None: pages are decoded.
    """

    pixels: Pixels
    offset: int | None

    def _read(self, box: Box) -> np.ndarray:
        if self.offset is not None:
            with damage_named(self.path, "TIFF"):
                mapped = np.memmap(self.path, self.pixels.dtype, "r", self.offset, self.shape)
                return self.pixels.grey(np.array(mapped[box]))
        planes, *within = box
        with _opened(self.path) as file:
            pages = file.series[0].pages
            decoded = (pages[number].asarray() for number in range(planes.start, planes.stop))
            return self.pixels.grey(self.pixels.stacked(decoded, planes, within))


@dataclass(frozen=True, kw_only=True)
class TiffFolder(FileVolume):
    """A folder of TIFF files of one plane each.

    Attributes:
        names: of the files, in the order of the planes.
        pixels: of every file.
    """

    names: tuple[str, ...]
    pixels: Pixels

    def _read(self, box: Box) -> np.ndarray:
        planes, *within = box
        decoded = (self._plane(name) for name in self.names[planes])
        return self.pixels.grey(self.pixels.stacked(decoded, planes, within))

    def _plane(self, name: str) -> np.ndarray:
        with _opened(self.path / name) as file:
            return file.asarray()


def open_tiff(path: Path) -> TiffPages:
    """Return the volume of a TIFF file of several pages.

    Raises:
        DataError: the file is damaged, or holds one plane, times, channels, colour, or pages of
            several sizes.
    """
    with _opened(path) as file:
        series, page = one_series(file, path)
        if spatial_dims(series.axes, path) != 3:
            raise DataError(f"{path} holds one plane; expected a stack: name its folder")
        pixels = _pixels(series.axes, page, path)
        offset = series.dataoffset
        if offset is None and len(series.pages) != series.shape[0]:
            raise ValueError(f"{len(series.pages)} pages for {series.shape[0]} planes")
        stored = np.dtype(file.byteorder + series.dtype.char)
        pixels = pixels._replace(dtype=stored if offset is not None else series.dtype)
        shape = check_volume(series.shape, series.dtype, path)
    dtype = pixels.dtype.newbyteorder("=")
    together = (1, 1, 1) if offset is not None else (1, *shape[1:])
    notes = _turned_over(pixels)
    return TiffPages(path, shape, dtype, notes, together, pixels=pixels, offset=offset)


def open_tiff_folder(folder: Path) -> TiffFolder:
    """Return the volume of a folder of TIFF files, its planes in the natural order of their names.

    `plane_2.tif` comes before `plane_10.tif`. What else lies in the folder is named on the logger.

    Raises:
        DataError: there is no such file, one is damaged, or not of one plane as the first one is.
    """
    files = [path for path in inside(folder) if not path.name.startswith(".")]
    names = sorted((path.name for path in files if _is_tiff(path)), key=natural_order)
    if not names:
        raise DataError(f"{folder} holds no TIFF file; expected one a plane, or a zarr store")
    planes = [_plane(folder / name) for name in names]
    for name, pixels in zip(names, planes, strict=True):
        if pixels != planes[0]:
            raise DataError(
                f"{folder / name} has {_in_words(pixels)}, {names[0]} {_in_words(planes[0])}; "
                "expected planes of one kind"
            )
    say_left_out(folder, [path.name for path in files if not _is_tiff(path)], "no TIFF files")
    pixels = planes[0]
    shape = check_volume((len(names), *pixels.shape), pixels.dtype, folder)
    dtype = pixels.dtype.newbyteorder("=")
    together, notes = (1, *shape[1:]), _turned_over(pixels)
    return TiffFolder(folder, shape, dtype, notes, together, names=tuple(names), pixels=pixels)


def natural_order(name: str) -> tuple[tuple[str, int], ...]:
    """Return what to sort names by so that numbers in them count as numbers.

    Example:
        >>> sorted(["z10.tif", "z9.tif", "a.tif"], key=natural_order)
        ['a.tif', 'z9.tif', 'z10.tif']
    """
    parts = re.findall(r"(\D*)(\d*)", name)
    return (*((text, int(digits or -1)) for text, digits in parts), (name, 0))


def _is_tiff(path: Path) -> bool:
    return path.suffix.lower() in TIFF_SUFFIXES and path.is_file()


def _plane(path: Path) -> Pixels:
    with _opened(path) as file:
        series, page = one_series(file, path)
        if spatial_dims(series.axes, path) != 2:
            raise DataError(
                f"{path} holds {series.shape[0]} planes; expected one, of a folder that is one "
                "volume: name the file itself"
            )
        return _pixels(series.axes, page, path)


def _pixels(axes: str, page: Any, path: Path) -> Pixels:
    """Return what the pixels of a page are, as decoded."""
    kind = int(page.photometric)
    if "S" in axes or kind not in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        name = getattr(page.photometric, "name", page.photometric)
        raise DataError(
            f"{path} is of colour or has several channels ({shown(str(name))}, axes {axes}); "
            "expected grey planes: convert it"
        )
    check_decoder(page, path)
    turned_over = int(page.bitspersample) if kind == WHITE_IS_ZERO else 0
    return Pixels(tuple(page.shape[-2:]), page.dtype, turned_over)


def _turned_over(pixels: Pixels) -> tuple[str, ...]:
    return ("white is zero: inverted",) if pixels.turned_over else ()


def _in_words(pixels: Pixels) -> str:
    white = ", white as zero" if pixels.turned_over else ""
    return f"{pixels.dtype} of {' x '.join(map(str, pixels.shape))}{white}"


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    tifffile = library("tifffile", "pictures", path)
    with damage_named(path, "TIFF"), complaints_raised(), tifffile.TiffFile(path) as file:
        yield file
