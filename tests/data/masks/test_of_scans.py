"""Masks of scans behind a registration: of the same patients, in the same order, at one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.data import SPLITS, read_dataset, read_masks
from topojax.errors import DataError

from ..registered.layouts import volume, write_brats2019, write_harvard_gdp, write_nifti


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return BraTS 2019 with masks: where FLAIR is bright, its parts' numbers 1, 2 and 4."""
    folder = write_brats2019(tmp_path / "brats")
    for scan in _scans(folder):
        bright = volume(f"{scan.name}_flair") > 600
        parts = np.array([1, 2, 4], np.int16)[volume(scan.name) % 3]
        write_nifti(scan / f"{scan.name}_seg.nii.gz", np.where(bright, parts, 0).astype(np.int16))
    return folder


def _scans(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("BraTS19_*") if path.is_dir())


def test_masks_lie_on_their_images(root: Path) -> None:
    size = 6
    data = read_dataset("brats2019", size=size, data_root=root)
    masks = read_masks("brats2019", size, data_root=root)
    for split in SPLITS:
        images, drawn = data.split(split).images, masks[split]
        assert (drawn.shape, drawn.dtype) == (images.shape, np.dtype(bool))
        for image, mask in zip(images, drawn, strict=True):
            assert image[mask].mean() > 500 > image[~mask].mean()
    np.testing.assert_array_equal(
        read_masks("brats2019:t1", size, data_root=root)["test"], masks["test"]
    )


def test_what_is_missing_or_fits_no_scan_is_named(root: Path, tmp_path: Path) -> None:
    scan = _scans(root)[0]
    write_nifti(scan / f"{scan.name}_seg.nii.gz", np.ones((5, 5, 4), np.int16))
    with pytest.raises(DataError, match=rf"{scan.name}_seg.*\(1, 5, 5, 4\); expected \(1, 6, 5, 4"):
        read_masks("brats2019", 4, data_root=root)
    (scan / f"{scan.name}_seg.nii.gz").unlink()
    with pytest.raises(DataError, match=rf"{scan.name}_seg\.nii\.gz is missing"):
        read_masks("brats2019", 4, data_root=root)
    with pytest.raises(DataError, match="harvard-gdp is published without masks; save your own"):
        read_masks("harvard-gdp", 4, data_root=write_harvard_gdp(tmp_path / "gdp"))
