"""PNG and JPEG: bits, palettes, alpha, orientation, and what is no one image."""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oracles.mutants import mutated
from topojax.data.scans import read_scan
from topojax.errors import DataError

from ..outcomes import outcome

GREY = np.arange(0, 240, 4, dtype=np.uint8).reshape(6, 10)
COLOUR = np.random.default_rng(2).integers(0, 256, (6, 10, 3), dtype=np.uint8)
OPAQUE = np.full((6, 10, 1), 255, np.uint8)


def _saved(path: Path, pixels: np.ndarray, **how: object) -> Path:
    Image.fromarray(pixels).save(path, **how)
    return path


@pytest.mark.parametrize(
    "pixels",
    [GREY, GREY.astype(np.uint16) * 257 + 3, GREY > 90, COLOUR],
    ids=["grey", "16 bits", "1 bit", "colour"],
)
def test_png_is_as_stored(tmp_path: Path, pixels: np.ndarray) -> None:
    scan = read_scan(_saved(tmp_path / "image.PNG", pixels))
    assert scan.voxels.dtype == pixels.dtype
    np.testing.assert_array_equal(scan.voxels, pixels)
    assert (scan.spatial_dims, scan.shape, scan.notes) == (2, (6, 10), ())
    assert (scan.affine, scan.spacing, scan.has_colour) == (None, None, pixels.ndim == 3)


@pytest.mark.parametrize(("pixels", "suffix"), [(GREY, "jpg"), (COLOUR, "jpeg")])
def test_jpeg(tmp_path: Path, pixels: np.ndarray, suffix: str) -> None:
    path = _saved(tmp_path / f"image.{suffix}", pixels, quality=100, subsampling=0)
    scan = read_scan(path)
    assert scan.voxels.shape == pixels.shape
    assert np.abs(scan.voxels.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("pixels", [GREY[..., None], COLOUR], ids=["grey", "colour"])
def test_opaque_alpha_is_dropped(tmp_path: Path, pixels: np.ndarray) -> None:
    scan = read_scan(_saved(tmp_path / "image.png", np.concatenate([pixels, OPAQUE], -1)))
    assert scan.notes == ("alpha, opaque everywhere, dropped",)
    np.testing.assert_array_equal(scan.voxels, pixels.squeeze())


@pytest.mark.parametrize("pixels", [GREY[..., None], COLOUR], ids=["grey", "colour"])
def test_transparent_images_are_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    alpha = OPAQUE.copy()
    alpha[:3] = 254
    path = _saved(tmp_path / "image.png", np.concatenate([pixels, alpha], -1))
    with pytest.raises(DataError, match=r"image\.png is transparent in 50\.0% of its pixels"):
        read_scan(path)


def _palette() -> Image.Image:
    image = Image.fromarray((GREY // 60).astype(np.uint8), "L").convert("P")
    image.putpalette(COLOUR[0, :4].ravel().tolist())
    return image


def test_a_palette_is_expanded(tmp_path: Path) -> None:
    _palette().save(tmp_path / "image.png")
    scan = read_scan(tmp_path / "image.png")
    np.testing.assert_array_equal(scan.voxels, COLOUR[0, :4][GREY // 60])
    assert scan.notes == ("palette expanded to RGB",)


def test_a_transparent_entry_of_a_palette_is_seen(tmp_path: Path) -> None:
    _palette().save(tmp_path / "seen.png", transparency=2)
    with pytest.raises(DataError, match="transparent in"):
        read_scan(tmp_path / "seen.png")
    _palette().save(tmp_path / "unused.png", transparency=9)
    assert "alpha, opaque everywhere, dropped" in read_scan(tmp_path / "unused.png").notes


def test_it_is_turned_by_its_exif_orientation(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scan = read_scan(_saved(tmp_path / "image.png", GREY, exif=exif))
    np.testing.assert_array_equal(scan.voxels, np.rot90(GREY, -1))
    assert scan.notes == ("turned by its EXIF orientation 6",)


def _png_of_16_bits(path: Path) -> Path:
    """Write colour of 16 bits, which Pillow does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in COLOUR.astype(np.uint16) * 257)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", 10, 6, 16, 2, 0, 0, 0),
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks.items():
        crc = struct.pack(">I", zlib.crc32(kind + data))
        content += struct.pack(">I", len(data)) + kind + data + crc
    path.write_bytes(content)
    return path


def test_colour_of_16_bits_loses_some_and_says_so(tmp_path: Path) -> None:
    scan = read_scan(_png_of_16_bits(tmp_path / "image.png"))
    np.testing.assert_array_equal(scan.voxels, COLOUR)
    assert scan.notes == ("channels of 16 bits read as 8",)


def _film(path: Path) -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1])]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


def _huge(path: Path) -> None:
    content = bytearray(_saved(path, GREY).read_bytes())
    content[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: None, "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as PNG or JPEG"),
    "text": (lambda path: path.write_text("a picture"), "cannot be read as PNG or JPEG"),
    "PostScript": (
        lambda p: p.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "cannot be read as PNG or JPEG",
    ),
    "cut short": (
        lambda path: path.write_bytes(_saved(path, COLOUR).read_bytes()[:-60]),
        "cannot be read as PNG",
    ),
    "CMYK": (
        lambda path: Image.fromarray(COLOUR).convert("CMYK").save(path, "JPEG"),
        "is in CMYK; expected grey or RGB",
    ),
    "a film": (_film, r"holds 2 images \(a film\)"),
    "huge": (_huge, "cannot be read as PNG"),
    "a number of 16 bits transparent": (
        lambda p: _saved(p, GREY.astype(np.uint16), transparency=4),
        "stands for transparent pixels",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_file(tmp_path: Path, case: str) -> None:
    make, message = REFUSED[case]
    make(tmp_path / "image.png")
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "image.png")
    assert str(tmp_path / "image.png") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_imageio_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _saved(tmp_path / "image.png", GREY)
    monkeypatch.setitem(sys.modules, "imageio.v3", None)
    with pytest.raises(DataError, match=r"needs imageio, .* pip install 'topojax\[pictures\]'"):
        read_scan(path)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, suffix: str, rng: np.random.Generator
) -> None:
    path = _saved(tmp_path / f"image.{suffix}", COLOUR)
    whole = path.read_bytes()
    outcomes = set()
    for _ in range(60):
        path.write_bytes(mutated(whole, rng, head=80))
        outcomes.add(outcome(path))
    # A PNG has checksums.
    assert outcomes in ({"read", "refused"}, {"refused"})
