"""Pixels of a DICOM file: decoded, bright where more is, in red, green and blue where in colour."""

from __future__ import annotations

from typing import Any

import numpy as np

from topojax.data.memory import refuse_beyond_memory
from topojax.data.scans.dicom.headers import KIND, Header
from topojax.data.scans.grey import inverted
from topojax.data.scans.refusals import damage_named, library
from topojax.errors import DataError, shown

_GREY = ("MONOCHROME1", "MONOCHROME2")
INVERTED = "MONOCHROME1: inverted"


def check_size(headers: list[Header], what: str) -> None:
    """Raise DataError where the pixels that headers declare are more than memory holds."""
    needed = 0
    for header in headers:
        with damage_named(header.path, KIND):
            samples = int(header.dataset.get("SamplesPerPixel") or 1)
            bits = int(header.dataset.get("BitsAllocated") or 8)
        count = header.rows * header.columns * header.n_frames * samples
        # As stored, as float32, and a list of slices beside their volume.
        needed += count * (bits // 8 + 8)
    refuse_beyond_memory(what, needed)


def read_pixels(header: Header) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the pixels of a file before rescaling, and notes.

    Returns:
        (rows, columns) of one frame, (n, rows, columns) of n; colour with a last axis of 3.

    Raises:
        DataError: the file is damaged, of another form, or compressed without a decoder here.
    """
    pydicom = library("pydicom", "dicom", header.path)
    pixels = library("pydicom.pixels", "dicom", header.path)
    with damage_named(header.path, KIND):
        dataset = pydicom.dcmread(header.path, force=False)
        _refuse_without_decoder(dataset, header, pixels)
        stored = dataset.pixel_array
        interpretation = shown(str(dataset.get("PhotometricInterpretation")))
        if interpretation == "PALETTE COLOR":
            stored = pixels.apply_color_lut(stored, dataset)
        if interpretation == "MONOCHROME1":
            stored = inverted(stored, int(dataset.BitsStored))
        if dataset.get("ModalityLUTSequence"):
            stored = pixels.apply_modality_lut(stored, dataset)
    return _checked(stored, interpretation, header), _notes(dataset, interpretation)


def _refuse_without_decoder(dataset: Any, header: Header, pixels: Any) -> None:
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        available = pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise DataError(
            f"{header.path} is compressed as {shown(str(syntax.name))}, for which there is no "
            "decoder; pip install 'topojax[dicom]' brings that of JPEG 2000, "
            "pip install pylibjpeg pylibjpeg-libjpeg those of lossless JPEG and JPEG-LS"
        )


def _checked(stored: np.ndarray, interpretation: str, header: Header) -> np.ndarray:
    grey = interpretation in _GREY
    frames = (header.n_frames,) if header.n_frames > 1 else ()
    expected = (*frames, header.rows, header.columns, *(() if grey else (3,)))
    if stored.shape != expected or stored.dtype.kind not in "buif":
        raise DataError(
            f"{header.path} has pixels {stored.dtype} {stored.shape} of {interpretation}; "
            f"expected {expected}; get it again"
        )
    return stored


def _notes(dataset: Any, interpretation: str) -> tuple[str, ...]:
    notes = []
    if interpretation == "MONOCHROME1":
        notes.append(INVERTED)
    if interpretation == "PALETTE COLOR":
        notes.append("palette expanded to RGB")
    if interpretation.startswith("YBR"):
        notes.append(f"{interpretation} converted to RGB")
    if dataset.get("ModalityLUTSequence"):
        notes.append("modality lookup table applied")
    return tuple(notes)
