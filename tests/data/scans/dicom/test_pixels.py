"""Numbers of DICOM pixels: bits, photometric interpretations, colour, compression."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import convert_color_space, get_decoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from topojax.data.scans import Scan, read_scan
from topojax.errors import DataError

from .phantoms import slice_of, volume, write

GREY = np.arange(-6, 6, dtype=np.int16).reshape(3, 4)
COLOUR = volume((3, 4, 3), "uint8")


def _read(folder: Path, dataset: Any) -> Scan:
    return read_scan(write(folder / "image.dcm", dataset))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32"])
def test_numbers_are_as_stored(tmp_path: Path, dtype: str) -> None:
    pixels = GREY.astype(dtype)
    scan = _read(tmp_path, slice_of(pixels))
    assert scan.voxels.dtype == pixels.dtype
    np.testing.assert_array_equal(scan.voxels, pixels)
    assert (scan.spatial_dims, scan.spacing, scan.affine, scan.notes) == (2, None, None, ())


def test_bits_that_are_not_stored_are_left_out(tmp_path: Path) -> None:
    # Twelve bits, signed; overlays of old files lie in the other four.
    pixels = (GREY & 0x0FFF) | 0x5000
    scan = _read(tmp_path, slice_of(pixels.astype(np.int16), BitsStored=12, HighBit=11))
    np.testing.assert_array_equal(scan.voxels, GREY)


@pytest.mark.parametrize(("dtype", "bits"), [("uint16", 12), ("int16", 12), ("uint8", 8)])
def test_monochrome1_is_inverted(tmp_path: Path, dtype: str, bits: int) -> None:
    pixels = np.abs(GREY).astype(dtype)
    tags = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": bits, "HighBit": bits - 1}
    scan = _read(tmp_path, slice_of(pixels, **tags))
    lowest, highest = (
        (0, 2**bits - 1) if dtype[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    np.testing.assert_array_equal(scan.voxels, lowest + highest - pixels.astype(int))
    assert scan.notes == ("MONOCHROME1: inverted",)


def test_colour_stays_colour(tmp_path: Path) -> None:
    scan = _read(tmp_path, slice_of(COLOUR))
    assert scan.has_colour
    assert scan.shape == (3, 4)
    np.testing.assert_array_equal(scan.voxels, COLOUR)


def test_planes_of_colour(tmp_path: Path) -> None:
    dataset = slice_of(COLOUR, PlanarConfiguration=1)
    dataset.PixelData = np.moveaxis(COLOUR, -1, 0).tobytes()
    np.testing.assert_array_equal(_read(tmp_path, dataset).voxels, COLOUR)


def test_luminance_and_chrominance_become_rgb(tmp_path: Path) -> None:
    dataset = slice_of(convert_color_space(COLOUR, "RGB", "YBR_FULL"))
    dataset.PhotometricInterpretation = "YBR_FULL"
    scan = _read(tmp_path, dataset)
    assert scan.notes == ("YBR_FULL converted to RGB",)
    assert np.abs(scan.voxels.astype(int) - COLOUR).max() <= 2


def test_a_palette_is_expanded(tmp_path: Path) -> None:
    index = np.array([[0, 1], [2, 3]], np.uint8)
    dataset = slice_of(index, PhotometricInterpretation="PALETTE COLOR")
    palette = np.random.default_rng(1).integers(0, 256, (3, 4), dtype=np.uint8)
    for name, values in zip(("Red", "Green", "Blue"), palette, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(dataset, f"{name}PaletteColorLookupTableData", values.tobytes())
    scan = _read(tmp_path, dataset)
    assert scan.notes == ("palette expanded to RGB",)
    np.testing.assert_array_equal(scan.voxels, palette.T[index])


def test_a_lookup_table_takes_the_place_of_a_slope(tmp_path: Path) -> None:
    dataset = slice_of(np.array([[0, 1], [2, 3]], np.uint8))
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 0, 16], "US"
    table.LUTData = np.array([9, 4, 1000, 7], "<u2").tobytes()
    dataset.ModalityLUTSequence = Sequence([table])
    scan = _read(tmp_path, dataset)
    assert scan.notes == ("modality lookup table applied",)
    np.testing.assert_array_equal(scan.voxels, [[9, 4], [1000, 7]])


def test_spacing_at_the_detector_is_said_to_be_that(tmp_path: Path) -> None:
    scan = _read(tmp_path, slice_of(GREY, ImagerPixelSpacing=[0.2, 0.1]))
    assert (scan.spacing, scan.notes) == ((0.2, 0.1), ("spacing is that at the detector",))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless], ids=lambda uid: uid.name)
@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_compressed_pixels(tmp_path: Path, syntax: Any, pixels: np.ndarray) -> None:
    # JPEG 2000 wants more than a few pixels.
    pixels = np.tile(pixels, (16, 12, 1)[: pixels.ndim])
    dataset = slice_of(pixels)
    dataset.compress(syntax, generate_instance_uid=False)
    np.testing.assert_array_equal(_read(tmp_path, dataset).voxels, pixels)


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_jpeg_is_as_pillow_has_it(tmp_path: Path, colour: bool) -> None:
    pixels = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8) * 6
    if colour:
        pixels = np.stack([pixels, pixels[::-1], pixels // 2], -1)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=95)
    dataset = slice_of(pixels)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([content.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    if colour:
        dataset.PhotometricInterpretation = "YBR_FULL_422"
    scan = _read(tmp_path, dataset)
    decoded = np.array(Image.open(content)).astype(int)
    assert np.abs(scan.voxels - decoded).max() <= 3


@pytest.mark.parametrize("syntax", [MPEG2MPML, JPEGLSLossless], ids=lambda uid: uid.name)
def test_without_a_decoder_it_says_what_to_install(tmp_path: Path, syntax: Any) -> None:
    if syntax == JPEGLSLossless and get_decoder(syntax).is_available:
        pytest.skip("a decoder of JPEG-LS is installed")
    dataset = slice_of(GREY)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = syntax
    with pytest.raises(DataError, match=r"no decoder; pip install 'topojax\[dicom\]'") as caught:
        _read(tmp_path, dataset)
    assert syntax.name in str(caught.value)
