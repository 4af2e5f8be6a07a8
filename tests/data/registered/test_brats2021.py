"""BraTS 2021: labels of task 2, who is left out and how that is said, and what is refused."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from topojax.data import SPLITS, read_registered
from topojax.data.registered.brats2021 import find_scans
from topojax.errors import DataError

from .layouts import write_brats2021

IDS = (0, 2, 3, 5, 9, 11, 12, 14)
LABELS = [(str(i), str(k % 2)) for k, i in enumerate(IDS)]


@pytest.mark.parametrize("form", ["{}", "{:05d}", "BraTS2021_{:05d}"])
def test_ids_are_taken_as_they_are_published(tmp_path: Path, form: str) -> None:
    labels = [(form.format(int(name)), value) for name, value in LABELS]
    root = write_brats2021(tmp_path / "brats", IDS, labels)
    found = {scan.patient: scan.label for scan in find_scans(root, "t1ce")}
    assert found == {f"BraTS2021_{i:05d}": k % 2 for k, i in enumerate(IDS)}


def test_it_is_read_in_three_splits(tmp_path: Path) -> None:
    root = write_brats2021(tmp_path / "brats", IDS, LABELS)
    data = read_registered("brats2021", root, size=4)
    assert [len(data.split(name).labels) for name in SPLITS] == [4, 2, 2]
    assert data.class_names == ("MGMT unmethylated", "MGMT methylated")


def test_who_is_left_out_is_counted_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = (*IDS, 109, 709, 1000, 1001)
    labels = [*LABELS, ("109", "1"), ("123", "0"), ("44", "1")]
    root = write_brats2021(tmp_path / "brats", ids, labels)
    with caplog.at_level(logging.WARNING, "topojax"):
        scans = find_scans(root, "flair")
    assert {scan.patient for scan in scans} == {f"BraTS2021_{i:05d}" for i in IDS}
    withdrawn, unlabelled, absent = caplog.messages
    assert "3 left out, withdrawn by the organisers: BraTS2021_00109, BraTS2021_00123" in withdrawn
    assert "2 left out, without a label" in unlabelled
    assert unlabelled.endswith("BraTS2021_01000, BraTS2021_01001")
    assert "1 left out, labelled, without a folder: BraTS2021_00044" in absent
    caplog.clear()
    with caplog.at_level(logging.WARNING, "topojax"):
        find_scans(write_brats2021(tmp_path / "whole", IDS, LABELS), "flair")
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("2", "1"), r"train_labels\.csv labels BraTS2021_00002 twice"),
        (("00002", "0"), r"train_labels\.csv labels BraTS2021_00002 twice"),
        (("20", "2"), r"gives BraTS2021_00020 the label '2'; expected 0 or 1"),
        (("20", ""), r"gives BraTS2021_00020 the label ''"),
        (("20.0", "1"), r"has the id '20\.0'; expected a number"),
        (("", "1"), "has the id ''"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(
    tmp_path: Path, row: tuple[str, str], message: str
) -> None:
    root = write_brats2021(tmp_path / "brats", IDS, [*LABELS, row])
    with pytest.raises(DataError, match=message):
        find_scans(root, "flair")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    root = write_brats2021(tmp_path / "brats", IDS, LABELS)
    scans = root / "RSNA_ASNR_MICCAI_BraTS2021_TrainingData"
    (scans / "BraTS2021_00009" / "BraTS2021_00009_t2.nii.gz").unlink()
    with pytest.raises(DataError, match=r"BraTS2021_00009_t2\.nii\.gz is missing"):
        find_scans(root, "t2")
    (root / "train_labels.csv").rename(tmp_path / "train_labels.csv")
    with pytest.raises(DataError, match=r"holds no train_labels\.csv"):
        find_scans(root, "flair")
    empty = write_brats2021(tmp_path / "empty", (), LABELS)
    with pytest.raises(DataError, match=r"holds no folder BraTS2021_\*"):
        find_scans(empty, "flair")
    others = write_brats2021(tmp_path / "others", (700, 701), LABELS)
    with pytest.raises(DataError, match=r"train_labels\.csv labels none of the 2 scans"):
        find_scans(others, "flair")
