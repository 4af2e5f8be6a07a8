"""Series to volumes: places held against nibabel, order, files beside them, and real series."""

from __future__ import annotations

import logging
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from topojax.data.registered.nifti import read_nifti as canonical
from topojax.data.scans import Scan, is_scan, read_scan, scans_in

from .phantoms import datasets, slice_of, volume, write, write_series


def _affine(columns: list[list[float]]) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns).T
    affine[:3, 3] = 12.5, -80.25, 33.125
    return affine


AFFINES = {
    "axial": _affine([[-0.7, 0, 0], [0, -0.8, 0], [0, 0, 2.5]]),
    "axial, head first": _affine([[-0.7, 0, 0], [0, -0.8, 0], [0, 0, -2.5]]),
    "coronal": _affine([[-0.7, 0, 0], [0, 0, -0.8], [0, 2.5, 0]]),
    "sagittal": _affine([[0, -0.7, 0], [0, 0, -0.8], [2.5, 0, 0]]),
    "oblique": _affine(
        (Rotation.from_euler("xyz", [0.2, -0.3, 0.1]).as_matrix() * [0.7, 0.8, 2.5]).T.tolist()
    ),
}


@pytest.mark.parametrize("view", AFFINES)
def test_a_series_is_the_volume_that_nibabel_has(tmp_path: Path, view: str) -> None:
    affine, voxels = AFFINES[view], volume()
    nibabel.save(nibabel.Nifti1Image(voxels, affine), tmp_path / "volume.nii")
    scan = read_scan(write_series(tmp_path / "series", datasets(voxels, affine)))
    assert scan.affine is not None
    assert (scan.voxels.dtype, scan.shape, scan.notes) == (np.int16, (6, 4, 5), ())
    np.testing.assert_allclose(scan.spacing, (2.5, 0.8, 0.7))
    nibabel.save(nibabel.Nifti1Image(scan.voxels, scan.affine), tmp_path / "back.nii")
    np.testing.assert_array_equal(
        canonical(tmp_path / "back.nii"), canonical(tmp_path / "volume.nii")
    )
    expected = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, affine)).affine
    found = nibabel.as_closest_canonical(nibabel.Nifti1Image(scan.voxels, scan.affine)).affine
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_mirrored_place_would_be_seen(tmp_path: Path) -> None:
    scan = read_scan(write_series(tmp_path, datasets(volume(), AFFINES["axial"])))
    nibabel.save(nibabel.Nifti1Image(volume(), AFFINES["axial, head first"]), tmp_path / "v.nii")
    nibabel.save(nibabel.Nifti1Image(scan.voxels, scan.affine), tmp_path / "back.nii")
    assert not np.array_equal(canonical(tmp_path / "back.nii"), canonical(tmp_path / "v.nii"))


def test_every_slice_has_its_own_slope(tmp_path: Path) -> None:
    slices = datasets(volume())
    for k, dataset in enumerate(slices):
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{0.5 + k}", f"{-10 * k}"
    scan = read_scan(write_series(tmp_path, slices))
    expected = volume() * (0.5 + np.arange(6)) - 10.0 * np.arange(6)
    assert scan.voxels.dtype == np.float32
    np.testing.assert_array_equal(scan.voxels, expected.transpose(2, 1, 0))


def test_a_slope_of_one_leaves_numbers_as_stored(tmp_path: Path) -> None:
    slices = datasets(volume(dtype="uint16"), RescaleSlope="1", RescaleIntercept="0")
    assert read_scan(write_series(tmp_path, slices)).voxels.dtype == np.uint16


def test_files_beside_a_series_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_series(tmp_path, datasets(volume()))
    report = slice_of(np.zeros((2, 2), np.int16), Rows=None, Columns=None, PixelData=None)
    report.SeriesInstanceUID = "9.9"
    write(tmp_path / "report.dcm", report)
    (tmp_path / "README").write_text("of the series")
    (tmp_path / ".DS_Store").write_bytes(bytes(200))
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "more").mkdir()
    with caplog.at_level(logging.WARNING, "topojax"):
        scan = read_scan(tmp_path)
    assert scan.shape == (6, 4, 5)
    assert (
        "5 left out, no DICOM images: .DS_Store, DICOMDIR, README, more, report.dcm" in caplog.text
    )


def test_files_without_a_suffix_are_known_by_their_bytes(tmp_path: Path) -> None:
    write_series(tmp_path / "series", datasets(volume()))
    for file in (tmp_path / "series").iterdir():
        file.rename(file.with_suffix(""))
    assert scans_in(tmp_path) == [tmp_path / "series"]
    assert is_scan(tmp_path / "series" / "IM000")
    assert read_scan(tmp_path / "series").shape == (6, 4, 5)
    assert read_scan(tmp_path / "series" / "IM000").shape == (4, 5)


def test_a_folder_of_one_file_is_that_image(tmp_path: Path) -> None:
    write(tmp_path / "chest" / "IM000.dcm", datasets(volume())[0])
    scan = read_scan(tmp_path / "chest")
    assert (scan.shape, scan.spatial_dims, scan.affine) == ((4, 5), 2, None)
    np.testing.assert_array_equal(scan.voxels, volume()[:, :, 0].T)
    np.testing.assert_allclose(scan.spacing, (0.8, 0.7))


def test_real_series(shared: Path) -> None:
    folders = sorted((shared / "data" / "dicom" / "series").glob("*/*"))
    if not folders:
        pytest.skip("dicom/series is absent from ../shared")
    for folder in folders:
        scan = read_scan(folder)
        assert len(scan.voxels) == len(list(folder.iterdir()))
        assert scan.affine is not None
        _check_against_single_slices(folder, scan)


def _check_against_single_slices(folder: Path, scan: Scan) -> None:
    import pydicom

    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        place = np.append(np.array(dataset.ImagePositionPatient, float) * [-1, -1, 1], 1)
        k, row, column = np.linalg.solve(scan.affine, place)[:3]
        np.testing.assert_allclose([row, column], 0, atol=1e-9)
        np.testing.assert_array_equal(scan.voxels[round(k)], dataset.pixel_array)


def test_real_slices(shared: Path) -> None:
    file = shared / "data" / "dicom" / "CT_small.dcm"
    if not file.is_file():
        pytest.skip("CT_small.dcm is absent from ../shared")
    scan = read_scan(file)
    assert (scan.voxels.dtype, scan.shape, scan.spacing) == (
        np.float32,
        (128, 128),
        (0.661468,) * 2,
    )
    # Air in Hounsfield units, and its stored number.
    assert scan.voxels.min() == 128 - 1024
