"""TIFF: images, stacks, spacing, channels, and files that lack some of their pages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from oracles.mutants import mutated
from topojax.data.scans import read_scan
from topojax.errors import DataError

from ..outcomes import outcome

STACK = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
COLOUR = np.random.default_rng(2).integers(0, 256, (6, 7, 3), dtype=np.uint8)
PAGES = {"photometric": "minisblack", "metadata": None}


def _written(path: Path, pixels: np.ndarray, **how: object) -> Path:
    tifffile.imwrite(path, pixels, **how)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_image_is_as_stored(tmp_path: Path, dtype: str, compression: str | None) -> None:
    pixels = STACK[0].astype(dtype)
    scan = read_scan(_written(tmp_path / "image.tif", pixels, compression=compression))
    assert (scan.voxels.dtype, scan.spatial_dims) == (pixels.dtype, 2)
    np.testing.assert_array_equal(scan.voxels, pixels)
    assert (scan.notes, scan.spacing, scan.affine) == ((), None, None)


@pytest.mark.parametrize(
    "how", [PAGES, PAGES | {"compression": "zlib"}, {"photometric": "minisblack"}]
)
def test_pages_are_slices(tmp_path: Path, how: dict) -> None:
    scan = read_scan(_written(tmp_path / "stack.tiff", STACK, **how))
    assert scan.spatial_dims == 3
    np.testing.assert_array_equal(scan.voxels, STACK)
    assert scan.notes == ("pages taken as slices",)


def test_spacing_of_imagej(tmp_path: Path) -> None:
    said = {"axes": "ZYX", "spacing": 2.5, "unit": "um"}
    path = _written(
        tmp_path / "stack.tif", STACK, imagej=True, metadata=said, resolution=(1 / 0.5, 1 / 0.25)
    )
    scan = read_scan(path)
    np.testing.assert_allclose(scan.spacing, (2.5e-3, 0.25e-3, 0.5e-3))
    assert scan.notes == ()


def test_spacing_of_ome(tmp_path: Path) -> None:
    said = {
        "axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeYUnit": "mm",
        "PhysicalSizeZ": 2,
    }  # fmt: skip
    scan = read_scan(_written(tmp_path / "stack.ome.tif", STACK, ome=True, metadata=said))
    np.testing.assert_allclose(scan.spacing, (2e-3, 0.25, 0.5e-3))


def test_a_resolution_for_printing_is_no_spacing(tmp_path: Path) -> None:
    path = _written(tmp_path / "i.tif", STACK[0], resolution=(300, 300), resolutionunit="INCH")
    assert read_scan(path).spacing is None


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_colour(tmp_path: Path, planes: str) -> None:
    pixels = COLOUR if planes == "contig" else np.moveaxis(COLOUR, -1, 0)
    path = _written(tmp_path / "i.tif", pixels, photometric="rgb", planarconfig=planes)
    scan = read_scan(path)
    assert (scan.has_colour, scan.shape) == (True, (6, 7))
    np.testing.assert_array_equal(scan.voxels, COLOUR)


def test_a_stack_in_colour(tmp_path: Path) -> None:
    stack = np.stack([COLOUR, COLOUR[::-1], COLOUR])
    scan = read_scan(_written(tmp_path / "i.tif", stack, photometric="rgb"))
    assert (scan.has_colour, scan.shape) == (True, (3, 6, 7))
    np.testing.assert_array_equal(scan.voxels, stack)


@pytest.mark.parametrize(("alpha", "message"), [(255, None), (7, "transparent in 100.0%")])
def test_alpha(tmp_path: Path, alpha: int, message: str | None) -> None:
    pixels = np.concatenate([COLOUR, np.full((6, 7, 1), alpha, np.uint8)], -1)
    path = _written(tmp_path / "i.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    if message is None:
        np.testing.assert_array_equal(read_scan(path).voxels, COLOUR)
        return
    with pytest.raises(DataError, match=message):
        read_scan(path)


def test_white_that_is_zero_is_inverted(tmp_path: Path) -> None:
    scan = read_scan(_written(tmp_path / "i.tif", STACK[0], photometric="miniswhite"))
    np.testing.assert_array_equal(scan.voxels, 65535 - STACK[0])
    assert scan.notes == ("white is zero: inverted",)


def test_one_bit_is_as_pillow_has_it(tmp_path: Path) -> None:
    # tifffile writes them with white as zero.
    path = _written(tmp_path / "i.tif", STACK[0] % 3 == 0)
    np.testing.assert_array_equal(read_scan(path).voxels, np.array(Image.open(path)))


def test_a_palette_is_expanded(tmp_path: Path) -> None:
    palette = np.random.default_rng(1).integers(0, 65536, (3, 256), dtype=np.uint16)
    index = STACK[0].astype(np.uint8)
    path = _written(tmp_path / "i.tif", index, photometric="palette", colormap=palette)
    scan = read_scan(path)
    np.testing.assert_array_equal(scan.voxels, palette.T[index])
    assert scan.notes == ("palette expanded to RGB",)


def _two_sizes(path: Path) -> None:
    with tifffile.TiffWriter(path) as writer:
        writer.write(STACK[0])
        writer.write(STACK[0, 1:])


def _lzw(path: Path) -> None:
    Image.fromarray(COLOUR).save(path, compression="tiff_lzw")


SERIES = {"imagej": True, "metadata": {"axes": "TYX"}}
CHANNELS = {"imagej": True, "metadata": {"axes": "CYX"}}
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as TIFF"),
    "text": (lambda path: path.write_text("a picture"), "cannot be read as TIFF"),
    "a time series": (lambda path: _written(path, STACK, **SERIES), "axes TYX, a time series"),
    "channels": (lambda path: _written(path, STACK, **CHANNELS), "axes CYX, several channels"),
    "two sizes": (_two_sizes, r"2 images of different sizes or kinds \(\(6, 7\), \(5, 7\)\)"),
    "CMYK": (
        lambda p: Image.fromarray(COLOUR).convert("CMYK").save(p),
        "other channels than grey or RGB",
    ),
    "complex": (lambda p: _written(p, STACK[0].astype(np.complex64)), "dtype complex64"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_file(tmp_path: Path, case: str) -> None:
    make, message = REFUSED[case]
    make(tmp_path / "image.tif")
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "image.tif")
    assert str(tmp_path / "image.tif") in str(caught.value)
    assert "\n" not in str(caught.value)


STACKS: dict[str, dict] = {
    "pages": PAGES,
    "compressed pages": PAGES | {"compression": "zlib"},
    "described by tifffile": {"photometric": "minisblack"},
    "ImageJ": {"imagej": True, "metadata": {"axes": "ZYX"}},
    "OME": {"ome": True, "metadata": {"axes": "ZYX"}},
}


@pytest.mark.parametrize("kind", STACKS)
def test_a_file_cut_short_never_has_fewer_slices(tmp_path: Path, kind: str) -> None:
    # The library reads what is left as fewer pages, or fills them up, and only logs it.
    path = _written(tmp_path / "stack.tif", STACK, **STACKS[kind])
    whole, refused = path.read_bytes(), 0
    for length in range(8, len(whole), max(1, len(whole) // 30)):
        path.write_bytes(whole[:length])
        if outcome(path) == "read":
            np.testing.assert_array_equal(read_scan(path).voxels, STACK)
        else:
            assert outcome(path) == "refused"
            refused += 1
    assert refused > 10


def test_compression_without_a_decoder(tmp_path: Path) -> None:
    if tifffile.TIFF.DECOMPRESSORS.get(5):
        pytest.skip("imagecodecs is installed")
    _lzw(tmp_path / "image.tif")
    with pytest.raises(DataError, match=r"compressed as LZW, .*topojax\[pictures\]"):
        read_scan(tmp_path / "image.tif")


def test_without_tifffile_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "image.tif", STACK)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DataError, match=r"needs tifffile, .* pip install 'topojax\[pictures\]'"):
        read_scan(path)


@pytest.mark.parametrize("how", [PAGES, {"imagej": True}], ids=["pages", "ImageJ"])
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, how: dict, rng: np.random.Generator
) -> None:
    whole = _written(tmp_path / "image.tif", STACK, **how).read_bytes()
    outcomes = set()
    for _ in range(60):
        (tmp_path / "image.tif").write_bytes(mutated(whole, rng, head=300))
        outcomes.add(outcome(tmp_path / "image.tif"))
    assert outcomes == {"read", "refused"}
