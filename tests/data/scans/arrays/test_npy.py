"""npy and npz: which axes are spatial, where they lie, and which array is the image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.data.scans import read_scan
from topojax.errors import DataError

IMAGE = np.arange(20, dtype=np.int16).reshape(4, 5)
VOLUME = np.arange(120, dtype=np.float64).reshape(4, 5, 6)
COLOUR = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
AFFINE = np.array([[0, 0, 2.0, 5], [0, 0.5, 0, 6], [-3.0, 0, 0, 7], [0, 0, 0, 1]])
AS_COLOUR = ("last axis, of length 3, taken as colour",)


@pytest.mark.parametrize(
    ("array", "dims", "notes"),
    [
        (IMAGE, 2, ()),
        (VOLUME, 3, ()),
        (COLOUR, 2, AS_COLOUR),
        (np.stack([COLOUR, COLOUR]), 3, AS_COLOUR),
        (VOLUME > 3, 3, ()),
        (VOLUME.astype(">f4"), 3, ()),
    ],
)
def test_npy(tmp_path: Path, array: np.ndarray, dims: int, notes: tuple) -> None:
    np.save(tmp_path / "image.npy", array)
    scan = read_scan(tmp_path / "image.npy")
    assert (scan.spatial_dims, scan.notes, scan.spacing, scan.affine) == (dims, notes, None, None)
    assert (scan.voxels.dtype, scan.voxels.dtype.isnative) == (array.dtype.newbyteorder("="), True)
    np.testing.assert_array_equal(scan.voxels, array)
    assert scan.has_colour == bool(notes)


def test_npz_with_an_affine(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", anything=VOLUME, affine=AFFINE)
    scan = read_scan(tmp_path / "a.npz")
    np.testing.assert_array_equal(scan.affine, AFFINE)
    assert scan.spacing == (3, 0.5, 2)
    np.testing.assert_array_equal(scan.voxels, VOLUME)


def test_spacing_tells_slices_from_colour(tmp_path: Path) -> None:
    np.savez(tmp_path / "flat.npz", image=COLOUR, labels=IMAGE, spacing=[1, 2])
    np.savez(tmp_path / "deep.npz", image=COLOUR, labels=IMAGE, spacing=[1, 2, 3])
    flat, deep = read_scan(tmp_path / "flat.npz"), read_scan(tmp_path / "deep.npz")
    assert (flat.spatial_dims, flat.has_colour, flat.spacing) == (2, True, (1, 2))
    assert (deep.spatial_dims, deep.has_colour, deep.spacing) == (3, False, (1, 2, 3))


REFUSED: dict[str, tuple[dict, str]] = {
    "two arrays": ({"a": IMAGE, "b": IMAGE}, "holds a, b; expected one array, or .* named image"),
    "no array": ({"affine": AFFINE}, "holds no array"),
    "one axis": ({"a": np.zeros(4)}, r"has shape \(4,\); expected one image"),
    "four axes": ({"a": np.zeros((2, 3, 4, 5))}, r"has shape \(2, 3, 4, 5\)"),
    "four slices or alpha": ({"a": np.zeros((5, 6, 4))}, "four slices or of colour with alpha"),
    "nothing": ({"a": np.zeros((0, 5))}, "at least one voxel"),
    "complex": ({"a": IMAGE * 1j}, "dtype complex128"),
    "text": ({"a": np.array([["a", "b"]])}, "dtype <U1"),
    "objects": ({"a": np.array([[None]])}, "pickled objects, which could run code"),
    "a spacing of one length": ({"a": IMAGE, "spacing": 2.0}, "has spacing 2.0; expected 2 or 3"),
    "a spacing of zero": ({"a": IMAGE, "spacing": [0, 1]}, "above 0"),
    "a spacing for other axes": ({"a": IMAGE, "spacing": [1, 1, 1]}, r"shape \(4, 5\)"),
    "an affine of nine": ({"a": VOLUME, "affine": np.eye(3)}, r"affine of float64 \(3, 3\)"),
    "an affine of NaN": ({"a": VOLUME, "affine": AFFINE * np.nan}, "expected finite numbers"),
    "a singular affine": ({"a": VOLUME, "affine": np.diag([1, 0, 1, 1])}, "not invertible"),
    "an affine of an image": ({"a": IMAGE, "affine": AFFINE}, r"shape \(4, 5\)"),
    "a spacing that is another": (
        {"a": VOLUME, "affine": AFFINE, "spacing": [1, 1, 1]},
        "leave one of them out",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_file(tmp_path: Path, case: str) -> None:
    arrays, message = REFUSED[case]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "a.npz")
    assert str(tmp_path / "a.npz") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_damage_names_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=name):
        read_scan(tmp_path / name)
