"""A volume in slabs has the descriptor of the same file as a whole, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from topojax.config import Config, ManifestConfig, make_config
from topojax.data.big_volumes import open_volume
from topojax.data.manifest import rows_of_files
from topojax.data.synthetic.volumes import VolumePlan, known_curves, write_volume
from topojax.errors import ConfigError, DataError
from topojax.executors import Spreading
from topojax.experiments.features import (
    Features,
    Work,
    file_features,
    volume_features,
    volume_in_slabs,
)
from topojax.experiments.features.slabs import planes_at_once


def _volume(dtype: str) -> np.ndarray:
    values = np.random.default_rng(8).normal(size=(11, 9, 8))
    if dtype == "uint8":
        return (values * 60 + 99).clip(0, 255).astype(dtype)
    return values if dtype == "float64" else (values * 60 + 400).astype(dtype)


def _written(folder: Path, suffix: str, voxels: np.ndarray) -> Path:
    path = folder / f"v{suffix}"
    if suffix == ".zarr":
        zarr.create_array(path, data=voxels, chunks=(4, 9, 5))
    elif suffix == ".npy":
        np.save(path, voxels)
    else:
        tifffile.imwrite(path, voxels, photometric="minisblack")
    return path


def _settings(**overrides: Any) -> Config:
    return make_config(overrides={"topology.n_thresholds": 9} | overrides)


def _whole(path: Path, settings: Config) -> Features:
    """Return what a pattern that names the file gives: an npy file by itself would be images."""
    pattern = f"{path.parent}/{path.name[0]}*"
    return file_features(rows_of_files(pattern, ManifestConfig()), settings, source=pattern)


def _assert_same(found: Features, whole: Features) -> None:
    assert (found.names, found.images) == (whole.names, whole.images)
    assert found.matrix.dtype == np.float32
    np.testing.assert_array_equal(found.matrix, whole.matrix)
    assert list(found.grids) == list(whole.grids)
    for name, grid in whole.grids.items():
        if grid is None:
            assert found.grids[name] is None
        else:
            np.testing.assert_array_equal(found.grids[name], grid)


@pytest.mark.parametrize("suffix", [".zarr", ".npy", ".tif"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
@pytest.mark.parametrize("chunks", [1, 4, 50, None])
def test_every_format_and_dtype(
    tmp_path: Path, suffix: str, dtype: str, chunks: int | None
) -> None:
    path, settings = _written(tmp_path, suffix, _volume(dtype)), _settings()
    found = volume_features(open_volume(path), settings, chunks=chunks)
    assert found.matrix.shape == (1, 3 * 9 + 1)
    assert found.matrix[0, -1] == 11 * 9 * 8
    assert len(np.unique(found.matrix)) > 9
    _assert_same(found, _whole(path, settings))


@pytest.mark.parametrize(
    "overrides",
    [
        {"topology.construction": "V"},
        {"topology.filtrations": ["-intensity"]},
        {"topology.filtrations": ["intensity", "-intensity"]},
        {"topology.filtrations": ["-intensity", "intensity"], "topology.background": "zero"},
        {"topology.grid": "sample"},
        {"topology.grid": "sample", "topology.filtrations": ["-intensity"]},
        {"topology.volumes": True, "topology.filtrations": ["intensity", "-intensity"]},
        {"prepare.window": [300, 450]},
        {"prepare.spacing": "any"},
    ],
    ids=str,
)
def test_every_setting_that_can_be_streamed(tmp_path: Path, overrides: dict[str, Any]) -> None:
    path, settings = _written(tmp_path, ".zarr", _volume("int16")), _settings(**overrides)
    found = volume_features(open_volume(path), settings, chunks=3)
    _assert_same(found, _whole(path, settings))
    plain = volume_features(open_volume(path), _settings(), chunks=3)
    assert (
        found.matrix.shape != plain.matrix.shape
        or ("prepare.spacing" in overrides) == (found.matrix == plain.matrix).all()
    )


def test_a_test_volume_has_the_descriptor_that_is_known(tmp_path: Path) -> None:
    plan = VolumePlan((48, 50, 40), seed=9)
    write_volume(plan, tmp_path / "v.zarr", progress=False)
    found = volume_features(open_volume(tmp_path / "v.zarr"), _settings(), chunks=10)
    thresholds = found.grids["intensity"]
    curves = known_curves(plan, thresholds)
    assert curves.max() > 5
    np.testing.assert_array_equal(
        found.matrix[0, :-1], (curves / (48 * 50 * 40)).astype(np.float32).ravel()
    )


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"topology.filtrations": ["intensity", "log:1"]}, "'log:1' needs the whole of"),
        ({"topology.grid": "quantile"}, "topology.grid=quantile needs the whole of"),
        ({"topology.grid": "giotto"}, "choose fixed or sample"),
        ({"prepare.spacing": 2}, "prepare.spacing needs"),
        ({"prepare.shape": [4, 4, 4]}, "prepare.shape needs"),
        ({"prepare.percentiles": [1, 99]}, "prepare.percentiles needs"),
        ({"prepare.normalise": "z-score"}, "prepare.normalise needs"),
        ({"size": 8}, "size=8 needs"),
    ],
)
def test_what_needs_the_whole_is_refused_by_name(tmp_path: Path, overrides, words: str) -> None:
    volume = open_volume(_written(tmp_path, ".npy", _volume("float64")))
    with pytest.raises(ConfigError, match=words):
        volume_features(volume, _settings(**overrides))


@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "planes 8 to 10 holds 1 NaN"), (np.inf, "0 NaN and 1 infinite"), (1e300, "beyond")],
)
def test_planes_that_cannot_be_used_are_named(tmp_path: Path, value: float, words: str) -> None:
    voxels = _volume("float64")
    voxels[9, 2, 3] = value
    volume = open_volume(_written(tmp_path, ".npy", voxels))
    with pytest.raises(DataError, match=words):
        volume_features(volume, _settings(), chunks=4)
    constant = open_volume(_written(tmp_path, ".tif", np.ones((4, 5, 6), np.float32)))
    with pytest.raises(DataError, match="constant at 1"):
        volume_features(constant, _settings())


def test_what_is_beyond_a_share_of_the_memory_is_read_in_slabs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {suffix: _written(tmp_path, suffix, _volume("int16")) for suffix in (".zarr", ".tif")}
    needed = 11 * 9 * 8 * 6
    plain, banks = _settings(), _settings(**{"topology.filtrations": ["log:1"]})

    def found(path: Path, settings: Config = plain, limit: int = 4 * needed) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr("topojax.experiments.features.slabs.memory_limit", lambda: limit)
            return volume_in_slabs(str(path), settings, chunks=None) is not None

    for path in paths.values():
        assert not found(path)
        assert found(path, limit=4 * needed - 4)
        # What needs the whole has it as long as it fits.
        assert not found(path, banks, needed)
        assert found(path, banks, needed - 1)
    # One plane, many images, and what is not there are for others to take or to refuse.
    np.save(tmp_path / "v.npy", _volume("int16"))
    tifffile.imwrite(tmp_path / "plane.tif", np.ones((60, 60)))
    for name in ("plane.tif", "none.zarr", "adrenalmnist3d", "long" * 99):
        assert not found(tmp_path / name, limit=1)
    assert not found(tmp_path / "v.npy", limit=needed)
    with pytest.raises(DataError, match="give --chunks, the planes to read at once"):
        found(tmp_path / "v.npy", limit=needed - 1)
    assert volume_in_slabs(str(tmp_path / "v.npy"), plain, chunks=2) is not None
    with pytest.raises(ConfigError, match="chunks=0"):
        volume_in_slabs(str(tmp_path / "v.npy"), plain, chunks=0)


def test_slabs_are_whole_chunks_where_memory_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v.zarr"
    zarr.create_array(path, shape=(2048, 1024, 1024), chunks=(12, 64, 64), dtype="float32")
    volume = open_volume(path)
    limit = "topojax.experiments.features.slabs.memory_limit"
    for gigabytes, planes in ((16, 12), (1, 12)):
        monkeypatch.setattr(limit, lambda n=gigabytes: n * 10**9)
        assert planes_at_once(volume) == planes
    zarr.create_array(
        path, shape=(2048, 2048, 2048), chunks=(12, 64, 64), dtype="u1", overwrite=True
    )
    assert planes_at_once(open_volume(path)) == 4
    monkeypatch.setattr(limit, lambda: 10**15)
    assert planes_at_once(open_volume(path)) == 12
    zarr.create_array(path, shape=(999, 100, 100), chunks=(12, 64, 64), dtype="u1", overwrite=True)
    assert planes_at_once(open_volume(path)) == 2**24 // 120_000 * 12


@pytest.mark.parametrize("suffix", [".zarr", ".tif"])
def test_workers_and_kept_parts_change_nothing(tmp_path: Path, suffix: str) -> None:
    path = _written(tmp_path, suffix, _volume("int16"))
    settings = _settings(**{"topology.filtrations": ["intensity", "-intensity"]})
    volume, folder = open_volume(path), tmp_path / "parts" / "volume"
    alone = volume_features(volume, settings, chunks=4)
    many = Work(Spreading(workers=2), tmp_path / "parts")
    _assert_same(volume_features(volume, settings, chunks=4, work=many), alone)
    kept = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(kept) >= 6
    one = Work(folder=tmp_path / "parts")
    _assert_same(volume_features(volume, settings, chunks=4, work=one), alone)
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == kept
    # Another preparation, and another volume under the same name, are told apart.
    windowed = _settings(**{"prepare.window": [300, 450]})
    assert (
        volume_features(volume, windowed, chunks=4, work=one).matrix
        == volume_features(volume, windowed, chunks=4).matrix
    ).all()
    assert len(list(folder.iterdir())) > len(kept)


def test_a_volume_that_changes_is_another_one(tmp_path: Path) -> None:
    found = []
    for voxels in (_volume("int16"), _volume("int16")[:-1]):
        for suffix in (".npy", ".tif"):
            found.append(open_volume(_written(tmp_path, suffix, voxels)).identity())
    path = _written(tmp_path, ".zarr", _volume("int16"))
    found.append(open_volume(path).identity())
    (path / "c" / "0" / "0" / "0").write_bytes(b"")
    found.append(open_volume(path).identity())
    assert len(set(found)) == 6
