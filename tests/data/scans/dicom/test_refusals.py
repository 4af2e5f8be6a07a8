"""Bad series and files end in one line that names them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oracles.mutants import mutated
from topojax.data.scans import read_scan
from topojax.errors import DataError

from ..outcomes import outcome
from .phantoms import AXIAL, datasets, slice_of, volume, write, write_series

LATERAL = np.diag([-0.7, -0.8, -2.5, 1.0])[[0, 2, 1, 3]]


def _changed(k: int = 2, **tags: object) -> Callable[[Path], object]:
    """Return what writes a series with tags of one slice changed, or gone."""

    def write_changed(folder: Path) -> Path:
        slices = datasets(volume())
        for tag, value in tags.items():
            if value is None:
                delattr(slices[k], tag)
            else:
                setattr(slices[k], tag, value)
        return write_series(folder, slices)

    return write_changed


def _without(k: int) -> Callable[[Path], object]:
    return lambda folder: write_series(
        folder, [*datasets(volume())[:k], *datasets(volume())[k + 1 :]]
    )


def _with(*more: object) -> Callable[[Path], object]:
    return lambda folder: write_series(folder, [*datasets(volume()), *more])


def _resized(folder: Path) -> None:
    write_series(folder, datasets(volume()))
    write(folder / "wide.dcm", datasets(volume((7, 4, 9)))[8])


def _damaged(folder: Path) -> None:
    write_series(folder, datasets(volume()))
    file = folder / "IM001.dcm"
    file.write_bytes(file.read_bytes()[:-30])


def _in_colour(folder: Path) -> None:
    slices = datasets(volume())
    colour = datasets(volume((5, 4, 6, 3), "uint8"))[2]
    write_series(folder, [*slices[:2], colour, *slices[3:]])


def _text(folder: Path) -> None:
    write_series(folder, datasets(volume()))
    (folder / "notes.dcm").write_text("no image")


def _no_image(folder: Path) -> None:
    report = slice_of(np.zeros((2, 2), np.int16), Rows=None, Columns=None, PixelData=None)
    write(folder / "report.dcm", report)


SERIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a slice missing": (_without(3), "missing slices: 1 between"),
    "two series": (
        _changed(SeriesInstanceUID="1.2.99"),
        r"2 series: 1\.2\.3\.4 \(5 files\), 1\.2\.99 \(1 file\)",
    ),
    "a slice twice": (_with(datasets(volume())[2]), "lie at one position"),
    "a localiser": (_with(datasets(volume(), LATERAL)[0]), "is turned to"),
    "no position": (_changed(ImagePositionPatient=None), "ImagePositionPatient is absent"),
    "no orientation": (_changed(ImageOrientationPatient=None), "ImageOrientationPatient is absent"),
    "no spacing": (_changed(PixelSpacing=None), "PixelSpacing is absent"),
    "a position of two numbers": (_changed(ImagePositionPatient=[1, 2]), "not 3 numbers"),
    "an orientation of zeros": (_changed(ImageOrientationPatient=[0] * 6), "unit vectors"),
    "a spacing of zero": (_changed(PixelSpacing=[0, 1]), "lengths above 0"),
    "other pixels": (_changed(PixelSpacing=[0.5, 0.5]), "expected one spacing"),
    "a slope of zero": (_changed(RescaleSlope="0"), "rescale slope and intercept"),
    "another size": (_resized, r"wide\.dcm has 4 x 7 pixels, IM\d+\.dcm has 4 x 5"),
    "a slice cut short": (_damaged, r"IM001\.dcm cannot be read as DICOM"),
    "a slice in colour": (_in_colour, "in colour, .* is not; expected slices of one kind"),
    "text called DICOM": (_text, r"notes\.dcm cannot be read as DICOM"),
    "no image": (_no_image, "holds no DICOM image"),
}


@pytest.mark.parametrize("case", SERIES)
def test_a_bad_series(tmp_path: Path, case: str) -> None:
    make, message = SERIES[case]
    make(tmp_path / "series")
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "series")
    assert str(tmp_path / "series") in str(caught.value)
    assert "\n" not in str(caught.value)


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cannot be read as DICOM"),
    "text": (b"no image", "cannot be read as DICOM"),
    "nothing behind the preamble": (bytes(128) + b"DICM", "cannot be read as DICOM|holds no image"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file(tmp_path: Path, case: str) -> None:
    content, message = FILES[case]
    (tmp_path / "image.dcm").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "image.dcm")
    assert str(tmp_path / "image.dcm") in str(caught.value)


def test_sizes_beyond_memory_are_refused_before_pixels_are_read(tmp_path: Path) -> None:
    huge = slice_of(np.zeros((2, 2), np.int16), Rows=65000, Columns=65000, NumberOfFrames=900_000)
    with pytest.raises(DataError, match="does not fit into memory"):
        read_scan(write(tmp_path / "image.dcm", huge))


def test_a_file_without_image_is_refused(tmp_path: Path) -> None:
    _no_image(tmp_path)
    with pytest.raises(DataError, match="holds no image"):
        read_scan(tmp_path / "report.dcm")


def test_without_pydicom_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_series(tmp_path / "series", datasets(volume(), AXIAL))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(DataError, match=r"needs pydicom, .* pip install 'topojax\[dicom\]'"):
        read_scan(folder)


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_read_or_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    path = write(tmp_path / "image.dcm", datasets(volume())[0])
    whole = path.read_bytes()
    outcomes = set()
    for _ in range(100):
        path.write_bytes(mutated(whole, rng))
        outcomes.add(outcome(path))
    assert outcomes == {"read", "refused"}
