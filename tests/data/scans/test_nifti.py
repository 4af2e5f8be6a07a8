"""NIfTI: axes and numbers as stored, what the header says of them, and what is refused."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from oracles.mutants import mutated
from topojax.data.scans import read_scan
from topojax.errors import DataError

from .outcomes import outcome

VOLUME = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
AFFINE = np.array([[0, 0, 2.0, 5], [0, 0.5, 0, 6], [-3.0, 0, 0, 7], [0, 0, 0, 1]])


def _written(path: Path, voxels: np.ndarray, affine: np.ndarray | None = AFFINE) -> Path:
    nibabel.save(nibabel.Nifti1Image(voxels, affine), path)
    return path


def _with_header(path: Path, change: Callable[[Any], object], voxels: np.ndarray = VOLUME) -> Path:
    image = nibabel.Nifti1Image(voxels, AFFINE)
    change(image.header)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "NII.GZ", "img"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64", ">i2"])
def test_axes_and_numbers_are_as_stored(tmp_path: Path, suffix: str, dtype: str) -> None:
    path = _written(tmp_path / f"scan.{suffix}", VOLUME.astype(dtype))
    scan = read_scan(path)
    assert scan.voxels.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(scan.voxels, VOLUME)
    np.testing.assert_allclose(scan.affine, AFFINE)
    np.testing.assert_allclose(scan.spacing, (3, 0.5, 2))
    assert (scan.spatial_dims, scan.notes) == (3, ())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays.arrays(np.float64, (3, 4), elements=st.floats(-9, 9)),
    st.floats(0.1, 5),
    st.integers(-100, 100),
)
def test_it_reads_what_nibabel_reads(tmp_path: Path, place, slope: float, intercept: int) -> None:
    affine = np.vstack([place, [0, 0, 0, 1]])
    affine[:3, :3] += 30 * np.eye(3)
    image = nibabel.Nifti1Image(VOLUME, affine)
    image.header.set_slope_inter(slope, intercept)
    nibabel.save(image, tmp_path / "scan.nii")
    scan, expected = read_scan(tmp_path / "scan.nii"), nibabel.load(tmp_path / "scan.nii")
    np.testing.assert_array_equal(scan.voxels, expected.get_fdata(dtype=np.float32))
    np.testing.assert_array_equal(scan.affine, expected.affine)
    np.testing.assert_allclose(scan.spacing, nibabel.affines.voxel_sizes(expected.affine))
    assert scan.voxels.dtype == np.float32


def test_two_axes_are_an_image_and_one_slice_a_volume(tmp_path: Path) -> None:
    flat = read_scan(_written(tmp_path / "flat.nii", VOLUME[:, :, 0]))
    assert (flat.spatial_dims, flat.shape, flat.affine) == (2, (4, 5), None)
    np.testing.assert_allclose(flat.spacing, (3, 0.5))
    slab = read_scan(_written(tmp_path / "slab.nii", VOLUME[:, :, :1]))
    assert (slab.spatial_dims, slab.shape) == (3, (4, 5, 1))


def test_one_volume_of_four_axes(tmp_path: Path) -> None:
    scan = read_scan(_written(tmp_path / "one.nii", VOLUME[..., None, None]))
    assert scan.shape == (4, 5, 6)
    assert scan.notes == ("axes behind the third, of length 1, dropped: (4, 5, 6, 1, 1)",)


def test_without_orientation_there_is_no_affine_but_spacing(tmp_path: Path) -> None:
    def forget(header: Any) -> None:
        header.set_zooms((3, 0.5, 2))
        header["sform_code"] = header["qform_code"] = 0

    image = nibabel.Nifti1Image(VOLUME, None)
    forget(image.header)
    nibabel.save(image, tmp_path / "scan.nii")
    scan = read_scan(tmp_path / "scan.nii")
    assert (scan.affine, scan.spacing, scan.notes) == (None, (3, 0.5, 2), ())
    assert scan.lacks_orientation


@pytest.mark.parametrize(("unit", "scale"), [("meter", 1000), ("micron", 0.001)])
def test_other_units_become_millimetres(tmp_path: Path, unit: str, scale: float) -> None:
    path = _with_header(tmp_path / "s.nii", lambda header: header.set_xyzt_units(unit))
    scan = read_scan(path)
    np.testing.assert_allclose(scan.spacing, np.array([3, 0.5, 2]) * scale)
    np.testing.assert_allclose(scan.affine[:3], AFFINE[:3] * scale)
    assert scan.affine[3].tolist() == [0, 0, 0, 1]
    assert f"times {scale:g}" in scan.notes[0]


def _in_colour(channels: str, alpha: int = 255) -> np.ndarray:
    voxels = np.zeros(VOLUME.shape, [(name, np.uint8) for name in channels])
    voxels["R"], voxels["G"], voxels["B"] = VOLUME, VOLUME + 1, VOLUME + 2
    if "A" in channels:
        voxels["A"] = alpha
    return voxels


@pytest.mark.parametrize(("channels", "notes"), [("RGB", 0), ("RGBA", 1)])
def test_colour(tmp_path: Path, channels: str, notes: int) -> None:
    scan = read_scan(_written(tmp_path / "scan.nii.gz", _in_colour(channels)))
    assert (scan.has_colour, scan.shape, len(scan.notes)) == (True, (4, 5, 6), notes)
    np.testing.assert_array_equal(scan.voxels, VOLUME[..., None] + np.arange(3))


def _declaring(path: Path, shape: tuple[int, ...]) -> None:
    content = bytearray(gzip.decompress(_written(path, VOLUME).read_bytes()))
    content[42:48] = np.array(shape, "<i2").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: None, "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as NIfTI"),
    "text": (lambda path: path.write_text("no volume"), "cannot be read as NIfTI"),
    "cut short": (
        lambda path: path.write_bytes(_written(path, VOLUME).read_bytes()[:-30]),
        "cannot be read as NIfTI",
    ),
    "larger than memory": (lambda p: _declaring(p, (32767,) * 3), "does not fit into memory"),
    "more than it holds": (lambda p: _declaring(p, (90, 90, 90)), "declares 1.5 MB"),
    "several volumes": (
        lambda path: _written(path, np.stack([VOLUME] * 3, -1)),
        r"holds 3 volumes of 4 x 5 x 6; expected one: split it with nibabel\.four_to_three",
    ),
    "one axis": (lambda path: _written(path, VOLUME[:, 0, 0]), "expected one image or volume"),
    "complex": (lambda path: _written(path, VOLUME.astype(np.complex64)), "dtype complex64"),
    "transparent": (lambda path: _written(path, _in_colour("RGBA", 9)), "is transparent"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_file(tmp_path: Path, case: str) -> None:
    make, message = REFUSED[case]
    make(tmp_path / "scan.nii.gz")
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "scan.nii.gz")
    assert str(tmp_path / "scan.nii.gz") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_nibabel_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path / "scan.nii", VOLUME)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(DataError, match=r"needs nibabel, .* pip install 'topojax\[nifti\]'"):
        read_scan(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, name: str, rng: np.random.Generator
) -> None:
    whole = _written(tmp_path / "scan.nii", VOLUME).read_bytes()
    pack = gzip.compress if name.endswith(".gz") else bytes
    outcomes = set()
    for _ in range(60):
        (tmp_path / name).write_bytes(pack(mutated(whole, rng, head=352)))
        outcomes.add(outcome(tmp_path / name))
    assert outcomes == {"read", "refused"}
