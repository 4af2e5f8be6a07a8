"""The derived task: crops of one shape, labels by the median share, files in MedMNIST's form."""

from __future__ import annotations

import importlib
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from topojax.config import ManifestConfig
from topojax.data import read_medmnist
from topojax.data.manifest import read_rows

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module; `benchmarks/` is no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("hippocampus")


def _write_nifti(path: Path, volume: np.ndarray) -> None:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *volume.shape, 1, 1, 1, 1)
    struct.pack_into("<h", header, 70, {"uint8": 2, "float32": 16}[volume.dtype.name])
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    path.write_bytes(bytes(header) + volume.tobytes(order="F"))


def test_crops_are_cut_or_padded_about_their_middle(benchmark: ModuleType) -> None:
    volume = np.arange(3 * 6 * 4).reshape(3, 6, 4)
    found = benchmark.centred(volume, 4, "edge")
    assert found.shape == (4, 4, 4)
    np.testing.assert_array_equal(found[:3], volume[:, 1:5])
    np.testing.assert_array_equal(found[3], volume[2, 1:5])
    padded = benchmark.centred(volume, 4, "constant")
    np.testing.assert_array_equal(padded[:3], found[:3])
    np.testing.assert_array_equal(padded[3], 0)


def _write_crops(tmp_path: Path, n: int, rng: np.random.Generator) -> Path:
    folder = tmp_path / "crops"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for k in range(n):
        # The share of the anterior part is its number's; so is the place of one bright voxel.
        mask = np.full((n, 3, 3), 2, np.uint8)
        mask[: k + 1] = 1
        image = rng.uniform(0, 0.1, (n, 3, 3)).astype(np.float32)
        image[k] = 9
        _write_nifti(folder / "images" / f"{k:02}.nii", image)
        _write_nifti(folder / "labels" / f"{k:02}.nii", mask)
    return folder


def test_the_file_holds_every_crop_once_with_its_own_label(
    benchmark: ModuleType, tmp_path: Path, rng: np.random.Generator
) -> None:
    n = 40
    folder, output = _write_crops(tmp_path, n, rng), tmp_path / "task.npz"
    benchmark.main([str(folder), str(output), "--side", str(n)])
    dataset = read_medmnist(output, spatial_dims=3)
    seen = []
    for split in (dataset.train, dataset.val, dataset.test):
        numbers = split.images[:, :, n // 2, n // 2].argmax(axis=1)
        np.testing.assert_array_equal(split.labels, numbers >= n // 2)
        seen += numbers.tolist()
    assert sorted(seen) == list(range(n))
    assert [len(s.labels) for s in (dataset.train, dataset.val, dataset.test)] == [24, 6, 10]
    with pytest.raises(SystemExit):
        benchmark.main([str(folder), str(output)])


def test_the_manifest_names_every_crop_with_its_own_label(
    benchmark: ModuleType, tmp_path: Path, rng: np.random.Generator
) -> None:
    folder = _write_crops(tmp_path, 4, rng)
    (tmp_path / "elsewhere").mkdir()
    manifest = tmp_path / "elsewhere" / "task.csv"
    benchmark.main([str(folder), str(manifest)])
    rows = read_rows(manifest, ManifestConfig())
    assert [row.path.resolve() for row in rows] == sorted((folder / "images").iterdir())
    assert [row.label for row in rows] == ["small", "small", "large", "large"]
    assert rows[0].mask is not None
    assert rows[0].mask.resolve() == folder / "labels" / "00.nii"


def test_masks_are_kept_where_asked_for_and_lie_on_their_images(
    benchmark: ModuleType, tmp_path: Path, rng: np.random.Generator
) -> None:
    n = 20
    folder = _write_crops(tmp_path, n, rng)
    benchmark.main([str(folder), str(tmp_path / "without.npz"), "--side", str(n)])
    benchmark.main([str(folder), str(tmp_path / "with.npz"), "--side", str(n), "--masks"])
    with np.load(tmp_path / "without.npz") as without, np.load(tmp_path / "with.npz") as task:
        masks = {f"{split}_masks" for split in ("train", "val", "test")}
        assert set(task.files) - set(without.files) == masks
        for name in without.files:
            np.testing.assert_array_equal(task[name], without[name])
        for split in ("train", "val", "test"):
            middle = task[f"{split}_masks"][:, :, n // 2, n // 2]
            numbers = task[f"{split}_images"][:, :, n // 2, n // 2].argmax(axis=1)
            np.testing.assert_array_equal((middle == 1).sum(axis=1), numbers + 1)
            assert (task[f"{split}_masks"][:, :, 0] == 0).all()
