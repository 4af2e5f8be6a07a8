"""Harvard-GDP: volumes and labels from table, maps and files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topojax.data import SPLITS, read_registered
from topojax.data.registered.harvard_gdp import find_scans, read_volume
from topojax.data.resize import resize_images
from topojax.errors import DataError

from .layouts import volume, write_harvard_gdp

EXPECTED = {f"data_{i:04d}": i % 2 for i in range(1, 10)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_harvard_gdp(tmp_path / "gdp")


def _labels(root: Path) -> dict[str, int]:
    return {scan.patient: scan.label for scan in find_scans(root, "bscans")}


def test_bytes_are_divided_and_resized(root: Path) -> None:
    data = read_registered("harvard-gdp", root, size=4)
    assert data.class_names == ("non-glaucoma", "glaucoma")
    assert (data.name, str(data.scale)) == ("harvard-gdp_bscans", "uint8, divided by 255")
    expected = {}
    for name, label in EXPECTED.items():
        voxels = (volume(name) % 256).astype(np.float32) / np.float32(255)
        expected[resize_images(voxels[None], 4, 3)[0].tobytes()] = label
    found = {
        image.tobytes(): label
        for split in SPLITS
        for image, label in zip(data.split(split).images, data.split(split).labels, strict=True)
    }
    assert found == expected
    again = read_registered("harvard-gdp", root, size=4)
    assert again.fingerprint() == data.fingerprint()


def test_labels_come_from_table_maps_or_files(root: Path) -> None:
    assert _labels(root) == EXPECTED
    table = root / "ReadMe" / "data_summary.csv"
    table.unlink()
    with pytest.raises(DataError, match=r"data_0001\.npz has no label"):
        find_scans(root, "bscans")
    (root / "rnflt_maps").mkdir()
    for name, label in EXPECTED.items():
        np.savez(root / "rnflt_maps" / f"{name}.npz", rnflt=np.zeros((5, 5)), glaucoma=label)
    assert _labels(root) == EXPECTED
    for name, label in EXPECTED.items():
        (root / "rnflt_maps" / f"{name}.npz").unlink()
        np.savez(root / "Bscan" / f"{name}.npz", oct_bscans=volume(name), glaucoma=[label])
    assert _labels(root) == EXPECTED
    np.testing.assert_array_equal(
        read_volume(root / "Bscan" / "data_0003.npz"), volume("data_0003")
    )


def test_two_labels_are_named(root: Path) -> None:
    name = "data_0004"
    file = root / "Bscan" / f"{name}.npz"
    np.savez(file, bscans=volume(name), glaucoma=1)
    with pytest.raises(DataError, match=rf"{name}\.npz is labelled twice: 1 by .*, 0 by data_summ"):
        find_scans(root, "bscans")
    np.savez(file, bscans=volume(name), glaucoma=0)
    assert _labels(root) == EXPECTED
    np.savez(file, bscans=volume(name), glaucoma=np.nan)
    with pytest.raises(DataError, match=rf"{name}\.npz: glaucoma is .*nan.*; expected 0 or 1"):
        find_scans(root, "bscans")
    table = root / "ReadMe" / "data_summary.csv"
    table.write_text(table.read_text() + f"{name}.npz,0,60\n")
    with pytest.raises(DataError, match=rf"data_summary\.csv labels {name} twice"):
        find_scans(root, "bscans")


def test_what_is_missing_is_named(root: Path, tmp_path: Path) -> None:
    (root / "Bscan" / "data_0005.npz").unlink()
    with pytest.raises(DataError, match=r"1 volumes that .* missing, data_0005\.npz the first"):
        find_scans(root, "bscans")
    maps = tmp_path / "maps" / "rnflt_maps"
    maps.mkdir(parents=True)
    np.savez(maps / "data_0001.npz", rnflt=np.zeros((5, 5)), glaucoma=1)
    with pytest.raises(DataError, match=r"no volumes .* but 1 maps of thickness"):
        find_scans(tmp_path / "maps", "bscans")
    with pytest.raises(DataError, match="no volumes"):
        find_scans(maps.parent / "rnflt_maps" / "none", "bscans")


def test_a_volume_there_twice_is_named(root: Path) -> None:
    (root / "more").mkdir()
    np.savez(root / "more" / "data_0002.npz", bscans=volume("data_0002"))
    with pytest.raises(DataError, match=r"data_0002\.npz is there twice"):
        find_scans(root, "bscans")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((3, 3, 3))}, "holds no volume"),
        ({"bscans": volume("a"), "oct_bscans": volume("a")}, "holds bscans and oct_bscans"),
        ({"bscans": np.zeros((3, 3), np.uint8)}, r"has shape \(3, 3\); expected one volume"),
        ({"bscans": np.zeros((3, 3, 3, 3), np.uint8)}, "expected one volume of three axes"),
        ({"bscans": np.full((3, 3, 3), np.nan)}, "holds 27 NaN"),
        ({"bscans": np.zeros((3, 3, 3), np.int16)}, "dtype int16"),
    ],
)
def test_a_volume_that_cannot_be_used_is_named(
    root: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    file = root / "Bscan" / "data_0008.npz"
    np.savez(file, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read_registered("harvard-gdp", root, size=4)
    assert str(file) in str(caught.value)


def test_a_damaged_file_is_named(root: Path) -> None:
    file = root / "Bscan" / "data_0008.npz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match=r"data_0008\.npz"):
        find_scans(root, "bscans")
