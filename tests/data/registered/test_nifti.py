"""NIfTI volumes: canonical axes, intensities, and what is refused."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest

from topojax.data.registered import nifti
from topojax.data.registered.nifti import read_nifti
from topojax.errors import DataError

from .layouts import SHAPE, volume, write_nifti


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3)))
def test_a_volume_turned_by_its_affine_comes_out_canonical(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    canonical = volume("turned")
    # Stored axis i runs along the patient's axis order[i], forwards or backwards.
    stored = np.transpose(canonical, order)[tuple(slice(None, None, sign) for sign in signs)]
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for i, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        affine[axis, i] = sign * (1.0 + axis)
    path = write_nifti(tmp_path / "turned.nii.gz", np.ascontiguousarray(stored), affine)
    found = read_nifti(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, canonical)


def test_oblique_axes_go_to_the_nearest_without_interpolation(tmp_path: Path) -> None:
    angle = 0.3
    affine = np.eye(4)
    affine[:2, :2] = [[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    path = write_nifti(tmp_path / "oblique.nii", volume("oblique"), affine)
    np.testing.assert_array_equal(read_nifti(path), volume("oblique")[::-1])


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(volume("scaled"), np.eye(4))
    image.header.set_slope_inter(0.5, 3)
    nibabel.save(image, tmp_path / "scaled.nii")
    # Integers are stored as they are, and the scale beside them.
    expected = volume("scaled") * 0.5 + 3
    np.testing.assert_array_equal(read_nifti(tmp_path / "scaled.nii"), expected)


def _without_orientation(path: Path) -> None:
    image = nibabel.Nifti1Image(volume("lost"), None)
    image.set_qform(None)
    image.set_sform(None)
    nibabel.save(image, path)


def _singular(path: Path) -> None:
    image = nibabel.Nifti1Image(volume("flat"), np.eye(4))
    image.header["srow_x"] = [0, 0, 0, 0]
    image.header["sform_code"] = 1
    raw = path.with_suffix("").with_name("flat.nii")
    nibabel.save(image, raw)
    content = bytearray(raw.read_bytes())
    content[280:296] = bytes(16)
    path.write_bytes(gzip.compress(bytes(content)))


def _truncated(path: Path) -> None:
    write_nifti(path, volume("long", (40, 40, 40)))
    path.write_bytes(path.read_bytes()[:9000])


def _declaring(path: Path, shape: tuple[int, int, int]) -> None:
    write_nifti(path, volume("small"))
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[42:48] = np.array(shape, "<i2").tobytes()
    path.write_bytes(gzip.compress(bytes(content)))


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: None, "does not exist"),
    "text": (lambda path: path.write_text("no volume"), "cannot be read as NIfTI"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read as NIfTI"),
    "cut short": (_truncated, "cannot be read as NIfTI"),
    "larger than memory": (lambda p: _declaring(p, (32767,) * 3), "does not fit into memory"),
    "more than the file holds": (lambda p: _declaring(p, (60, 50, 40)), "cannot be read as NIfTI"),
    "four axes": (lambda path: write_nifti(path, volume("4", (*SHAPE, 2))), "three axes"),
    "two axes": (lambda path: write_nifti(path, volume("2", (6, 5))), "three axes"),
    "complex": (lambda p: write_nifti(p, volume("c").astype(np.complex64)), "dtype complex64"),
    "not oriented": (_without_orientation, "does not say how it is oriented"),
    "a singular affine": (_singular, "not invertible"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_file(tmp_path: Path, case: str) -> None:
    path = tmp_path / "scan.nii.gz"
    write, message = REFUSED[case]
    write(path)
    with pytest.raises(DataError, match=message) as caught:
        read_nifti(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_nibabel_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_nifti(tmp_path / "scan.nii.gz", volume("scan"))
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(DataError, match=r"pip install 'topojax\[nifti\]'"):
        nifti.read_nifti(path)


def test_real_volumes(shared: Path) -> None:
    path = shared / "data" / "nifti" / "anatomical.nii"
    if not path.is_file():
        pytest.skip("anatomical.nii is absent from ../shared")
    found, image = read_nifti(path), nibabel.load(path)
    assert nibabel.aff2axcodes(image.affine) != ("R", "A", "S")
    np.testing.assert_allclose(np.sort(found.ravel()), np.sort(image.get_fdata().ravel()))
    expected = nibabel.as_closest_canonical(image).get_fdata()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
