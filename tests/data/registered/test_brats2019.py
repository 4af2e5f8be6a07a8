"""BraTS 2019: grades by folder and table, patients, modalities, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from topojax.data import SPLITS, read_registered
from topojax.data.registered.brats2019 import find_scans
from topojax.data.resize import resize_images
from topojax.errors import DataError

from .layouts import volume, write_brats2019, write_nifti, write_scan


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_brats2019(tmp_path / "brats")


def _folder(root: Path, grade: str, name: str) -> Path:
    return root / "MICCAI_BraTS_2019_Data_Training" / grade / name


@pytest.mark.parametrize("modality", ["flair", "t1ce"])
def test_each_scan_is_its_resized_volume_with_its_grade(root: Path, modality: str) -> None:
    data = read_registered("brats2019", root, modality=modality, size=4)
    assert (data.shape, data.spatial_dims, data.n_channels) == ((4, 4, 4), 3, 1)
    assert data.class_names == ("low-grade glioma", "high-grade glioma")
    assert data.name == f"brats2019_{modality}"
    assert (str(data.scale), modality in data.source) == ("float32, as they are", True)
    expected = {}
    for grade, label, n in (("H", 1, 7), ("L", 0, 4)):
        for i in range(n):
            # BraTS stores voxels to the left and back, so that both axes are turned over.
            voxels = volume(f"BraTS19_CBICA_{grade}{i:02d}_1_{modality}")[::-1, ::-1]
            cube = resize_images(voxels[None].astype(np.float32), 4, 3)[0]
            expected[cube.tobytes()] = label
    found = {
        image.tobytes(): label
        for name in SPLITS
        for image, label in zip(data.split(name).images, data.split(name).labels, strict=True)
    }
    assert found == expected


def test_flair_and_64_unless_told_otherwise(root: Path) -> None:
    data = read_registered("brats2019", root)
    assert data.shape == (64, 64, 64)
    assert data.name == "brats2019_flair"


def test_one_seed_one_split(root: Path) -> None:
    first, again, *others = (
        read_registered("brats2019", root, size=4, split_seed=seed) for seed in (3, 3, 4, 5)
    )
    assert first.fingerprint() == again.fingerprint()
    assert all(other.fingerprint() != first.fingerprint() for other in others)
    assert "split_seed=3" in first.source


def test_two_scans_of_a_patient_are_one_patient(root: Path) -> None:
    write_scan(_folder(root, "HGG", "BraTS19_CBICA_H00_2"))
    patients = [scan.patient for scan in find_scans(root, "flair")]
    assert len(patients) == 12
    assert patients.count("BraTS19_CBICA_H00") == 2
    assert len(set(patients)) == 11


def test_the_table_may_be_absent_or_label_alone(root: Path, tmp_path: Path) -> None:
    by_folder = {(s.path.name, s.label) for s in find_scans(root, "t2")}
    training = root / "MICCAI_BraTS_2019_Data_Training"
    for grade in ("HGG", "LGG"):
        for folder in list((training / grade).iterdir()):
            folder.rename(training / folder.name)
        (training / grade).rmdir()
    assert {(s.path.name, s.label) for s in find_scans(root, "t2")} == by_folder
    (training / "name_mapping.csv").unlink()
    with pytest.raises(DataError, match="has no label: it lies in neither HGG nor LGG"):
        find_scans(root, "t2")
    lone = write_brats2019(tmp_path / "lone")
    (lone / "MICCAI_BraTS_2019_Data_Training" / "name_mapping.csv").unlink()
    assert {(s.path.name, s.label) for s in find_scans(lone, "t2")} == by_folder


def test_a_missing_file_is_named(root: Path) -> None:
    file = _folder(root, "LGG", "BraTS19_CBICA_L01_1") / "BraTS19_CBICA_L01_1_t1.nii.gz"
    file.unlink()
    with pytest.raises(DataError, match=r"BraTS19_CBICA_L01_1_t1\.nii\.gz is missing"):
        read_registered("brats2019", root, modality="t1", size=4)
    assert read_registered("brats2019", root, modality="t2", size=4).n_classes == 2
    write_nifti(file.with_suffix(""), volume("plain"))
    assert read_registered("brats2019", root, modality="t1", size=4).n_classes == 2
    write_nifti(file, volume("both"))
    with pytest.raises(DataError, match="holds both"):
        read_registered("brats2019", root, modality="t1", size=4)


def test_an_unreadable_file_is_named(root: Path) -> None:
    file = _folder(root, "HGG", "BraTS19_CBICA_H03_1") / "BraTS19_CBICA_H03_1_flair.nii.gz"
    file.write_bytes(gzip.compress(b"damaged"))
    with pytest.raises(DataError, match=r"BraTS19_CBICA_H03_1_flair\.nii\.gz cannot be read"):
        read_registered("brats2019", root, size=4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_named(root: Path, value: float) -> None:
    file = _folder(root, "HGG", "BraTS19_CBICA_H03_1") / "BraTS19_CBICA_H03_1_flair.nii.gz"
    voxels = volume("nan").astype(np.float32)
    voxels[1, 2, 3] = value
    write_nifti(file, voxels)
    with pytest.raises(DataError, match=r"BraTS19_CBICA_H03_1_flair\.nii\.gz holds \d NaN"):
        read_registered("brats2019", root, size=4)


def test_two_labels_are_named(root: Path) -> None:
    table = root / "MICCAI_BraTS_2019_Data_Training" / "name_mapping.csv"
    text = table.read_text()
    table.write_text(text.replace("HGG,NA,NA,BraTS19_CBICA_H02_1", "LGG,NA,NA,BraTS19_CBICA_H02_1"))
    with pytest.raises(DataError, match=r"BraTS19_CBICA_H02_1 is labelled twice"):
        find_scans(root, "flair")
    table.write_text(text + "HGG,NA,NA,BraTS19_CBICA_H02_1\n")
    with pytest.raises(DataError, match=r"name_mapping\.csv labels BraTS19_CBICA_H02_1 twice"):
        find_scans(root, "flair")
    table.write_text(text)
    write_scan(_folder(root, "LGG", "BraTS19_CBICA_H02_1"))
    with pytest.raises(DataError, match=r"BraTS19_CBICA_H02_1 is there twice"):
        find_scans(root, "flair")


def test_a_table_that_cannot_be_used_is_named(root: Path) -> None:
    table = root / "MICCAI_BraTS_2019_Data_Training" / "name_mapping.csv"
    for content, message in (
        (b"Grade,Name\nHGG,a\n", "lacks the column BraTS_2019_subject_ID"),
        (b"Grade,BraTS_2019_subject_ID\n", "no row"),
        (b"Grade,BraTS_2019_subject_ID\nIV,BraTS19_CBICA_H02_1\n", "label 'IV'; expected LGG or"),
        (b"\xff\xfe\x00", "cannot be read as CSV"),
    ):
        table.write_bytes(content)
        with pytest.raises(DataError, match=message):
            find_scans(root, "flair")
    table.write_text("Grade,BraTS_2019_subject_ID\nHGG,NA\nLGG,NA\nHGG\n")
    assert len(find_scans(root, "flair")) == 11
    other = root / "copy" / "name_mapping.csv"
    other.parent.mkdir()
    other.write_text("Grade,BraTS_2019_subject_ID\n")
    with pytest.raises(DataError, match=r"holds 2 files name_mapping\.csv"):
        find_scans(root, "flair")
