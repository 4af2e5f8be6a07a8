"""A DICOM file or the folder of a series as one image."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from topojax.data.scans.dicom.headers import (
    Header,
    pixel_spacing,
    planes,
    read_header,
    rescales,
)
from topojax.data.scans.dicom.pixels import check_size, read_pixels
from topojax.data.scans.dicom.recognising import is_dicom
from topojax.data.scans.dicom.stacking import stacked
from topojax.data.scans.refusals import check_exists, inside, say_left_out
from topojax.data.scans.scan import Scan
from topojax.errors import DataError, shown


def read_dicom(path: Path) -> Scan:
    """Return the image of one DICOM file: of one frame (rows, columns), else a volume.

    Raises:
        DataError: pydicom is absent; the file is missing, damaged, or too large for the memory;
            it holds no image, or frames that are no volume.
    """
    check_exists(path)
    header = read_header(path)
    if not header.holds_image:
        raise DataError(f"{path} holds no image (no rows and columns); leave it out")
    check_size([header], str(path))
    return _image(header) if header.n_frames == 1 else _volume_of_frames(header)


def read_dicom_series(folder: Path) -> Scan:
    """Return the volume of a series, (slices, rows, columns), slices sorted by their position.

    Files that hold no image are named on the logger. One file alone is read as `read_dicom` does.

    Raises:
        DataError: pydicom is absent; a file is damaged; there are several series, slices that are
            missing, that lie at one position or differ in size; or not enough memory.
    """
    check_exists(folder)
    headers = _headers(folder)
    _refuse_several_series(folder, headers)
    if len(headers) == 1:
        return read_dicom(headers[0].path)
    _refuse_differing_sizes(folder, headers)
    check_size(headers, str(folder))
    stack = stacked([planes(header)[0] for header in headers], str(folder))
    ordered = [headers[i] for i in stack.order]
    read = [read_pixels(header) for header in ordered]
    slices = [pixels for pixels, _ in read]
    _refuse_several_kinds(folder, ordered, slices)
    voxels = _volume(slices, np.concatenate([rescales(header) for header in ordered]))
    notes = dict.fromkeys(note for _, notes in read for note in notes)
    return Scan(voxels, 3, stack.affine, stack.spacing, (*notes, *stack.notes))


def _headers(folder: Path) -> list[Header]:
    """Return the headers of the images in a folder; name what else is there on the logger."""
    files = inside(folder)
    headers = [read_header(file) for file in files if is_dicom(file)]
    images = [header for header in headers if header.holds_image]
    taken = {header.path for header in images}
    say_left_out(folder, [file.name for file in files if file not in taken], "no DICOM images")
    if not images:
        raise DataError(f"{folder} holds no DICOM image; expected the slices of one series")
    return images


def _refuse_several_series(folder: Path, headers: list[Header]) -> None:
    counts = Counter(header.series for header in headers)
    if len(counts) > 1:
        named = ", ".join(
            f"{shown(uid) or 'none'} ({n} file{'s' * (n > 1)})" for uid, n in counts.most_common(3)
        )
        raise DataError(
            f"{folder} holds {len(counts)} series: {named}; expected one: put the files of each "
            "series (SeriesInstanceUID) into a folder of their own, or name single images, *.dcm"
        )


def _refuse_differing_sizes(folder: Path, headers: list[Header]) -> None:
    first = headers[0]
    for header in headers:
        if header.n_frames != 1:
            raise DataError(
                f"{folder}: {header.path.name} holds {header.n_frames} frames beside other files; "
                "expected one frame a file, or that file alone: name it instead of its folder"
            )
        if (header.rows, header.columns) != (first.rows, first.columns):
            raise DataError(
                f"{folder}: {header.path.name} has {header.rows} x {header.columns} pixels, "
                f"{first.path.name} has {first.rows} x {first.columns}; expected one size"
            )


def _refuse_several_kinds(folder: Path, headers: list[Header], slices: list[np.ndarray]) -> None:
    for pixels, header in zip(slices, headers, strict=True):
        if pixels.shape != slices[0].shape:
            kind = "grey" if pixels.ndim == 2 else "in colour"
            raise DataError(
                f"{folder}: {header.path.name} is {kind}, {headers[0].path.name} is not; expected "
                "slices of one kind"
            )


def _image(header: Header) -> Scan:
    pixels, notes = read_pixels(header)
    spacing, more = pixel_spacing(header)
    (voxels,) = _volume([pixels], rescales(header))
    return Scan(voxels, 2, None, spacing, notes + more)


def _volume_of_frames(header: Header) -> Scan:
    stack = stacked(planes(header), str(header.path))
    order = list(stack.order)
    pixels, notes = read_pixels(header)
    voxels = _volume([pixels[i] for i in order], rescales(header)[order])
    return Scan(voxels, 3, stack.affine, stack.spacing, notes + stack.notes)


def _volume(slices: list[np.ndarray], scales: np.ndarray) -> np.ndarray:
    """Return slices one behind the other, float32 where any has a slope or intercept."""
    if (scales == (1, 0)).all():
        return np.stack(slices)
    return np.stack(
        [
            (pixels * slope + intercept).astype(np.float32)
            for pixels, (slope, intercept) in zip(slices, scales, strict=True)
        ]
    )
