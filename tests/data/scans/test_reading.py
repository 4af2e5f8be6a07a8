"""Which reader reads what, and what is in a folder."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from topojax.data.scans import is_scan, read_scan, scans_in
from topojax.errors import DataError

from .dicom.phantoms import datasets, volume, write, write_series


def test_a_folder_lists_its_images_and_names_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("b.npy", "A.NPY", "c.nii.gz", "d.jpeg", "e.tif", "f.dcm", "pair.hdr", "pair.img")
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "g.zarr").mkdir()
    write_series(tmp_path / "series", datasets(volume()))
    write(tmp_path / "IM0001", datasets(volume())[0])
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._c.nii.gz").touch()
    (tmp_path / "deeper" / "series").mkdir(parents=True)
    (tmp_path / "x.nii").mkdir()
    with caplog.at_level(logging.WARNING, "topojax"):
        found = scans_in(tmp_path)
    # The second file of a pair is no image of its own.
    expected = {*names, "g.zarr", "series", "IM0001"} - {"pair.img"}
    assert found == sorted(tmp_path / name for name in expected)
    assert "4 left out, no images: ._c.nii.gz, deeper, notes.txt, x.nii" in caplog.text
    assert len(caplog.records) == 1
    assert all(is_scan(path) for path in found)


@pytest.mark.parametrize("name", ["scan.mha", "scan", "scan.nii.bz2"])
def test_an_unknown_format_lists_those_that_are_known(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(300))
    assert not is_scan(tmp_path / name)
    with pytest.raises(DataError, match=r"no known format; expected one of \.nii, .*DICOM series"):
        read_scan(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nii", "a.dcm", "a.png", "a.tif", "a.npy", "a.npz", "a.zarr"])
def test_what_is_absent_is_said_to_be(tmp_path: Path, name: str) -> None:
    assert not is_scan(tmp_path / name)
    with pytest.raises(DataError, match=f"{name} does not exist"):
        read_scan(tmp_path / name)


def test_a_folder_has_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        scans_in(tmp_path / "absent")
    np.save(tmp_path / "a.npy", np.zeros((3, 3)))
    with pytest.raises(DataError, match="is not a folder"):
        scans_in(tmp_path / "a.npy")


def test_libraries_are_imported_when_they_are_needed() -> None:
    code = (
        "import sys, topojax.data.scans; "
        "print({'nibabel', 'pydicom', 'imageio', 'PIL', 'tifffile', 'zarr'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert result.stdout.strip() == "set()"
