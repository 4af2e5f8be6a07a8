"""Test volumes in files: whole or not there, gone on with after a kill, replaced when asked."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from topojax.data.synthetic.volumes import VolumePlan, write_volume
from topojax.errors import ConfigError, RunError
from topojax.files import NoSpaceError

PLAN = VolumePlan((40, 20, 18), seed=1)


def _read(path: Path) -> np.ndarray:
    if path.suffix == ".zarr":
        return zarr.open_array(path, mode="r")[...]
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return np.stack([tifffile.imread(plane) for plane in sorted(path.iterdir())])


def _facts(path: Path) -> dict[str, Any]:
    if path.suffix == ".zarr":
        return dict(zarr.open_array(path, mode="r").attrs)
    return json.loads(path.with_name(f"{path.name}.json").read_text())


@dataclass(frozen=True)
class Stopped(VolumePlan):
    """Ends the process, as far as can be told, at its second slab; says which it has made."""

    def planes(self, start: int, stop: int) -> np.ndarray:
        if start:
            raise KeyboardInterrupt
        return super().planes(start, stop)


@dataclass(frozen=True)
class GoingOn(VolumePlan):
    """Must not be asked for the first slab."""

    def planes(self, start: int, stop: int) -> np.ndarray:
        assert start > 0
        return super().planes(start, stop)


@pytest.mark.parametrize("name", ["v.zarr", "v.npy", "v.tif", "planes"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_every_format_holds_the_volume_and_its_numbers(
    tmp_path: Path, name: str, dtype: Any, caplog: pytest.LogCaptureFixture
) -> None:
    plan, path = VolumePlan(PLAN.shape, "shapes", dtype, 1), tmp_path / name
    with caplog.at_level("INFO", logger="topojax"):
        write_volume(plan, path)
    read = _read(path)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, plan.planes(0, 40))
    facts = _facts(path)
    assert VolumePlan(**facts["synthetic"] | {"shape": (40, 20, 18)}) == plan
    betti = facts["betti"]
    assert betti["thresholds"] == list(plan.known().thresholds)
    assert betti["T"] == betti["V"]
    assert [betti["T"][f"beta_{k}"] for k in range(3)] == plan.known().betti.tolist()
    size = 40 * 20 * 18 * read.itemsize
    assert f"{name}: {size} bytes to be written, " in caplog.text
    assert not [left for left in tmp_path.iterdir() if left.name.startswith(".")]


def test_planes_of_tiff_have_a_page_each(tmp_path: Path) -> None:
    write_volume(PLAN, tmp_path / "v.tif")
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert (len(file.pages), file.pages[39].shape) == (40, (20, 18))
    write_volume(PLAN, tmp_path / "v")
    names = sorted(path.name for path in (tmp_path / "v").iterdir())
    assert (names[0], names[-1], len(names)) == ("plane_00.tif", "plane_39.tif", 40)


@pytest.mark.parametrize("name", ["v.zarr", "v.npy", "v.tif", "planes"])
def test_a_killed_run_goes_on(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("topojax.data.synthetic.volumes.stores._SLAB_BYTES", 20 * 18 * 4 * 16)
    shape, path = PLAN.shape, tmp_path / name
    with pytest.raises(KeyboardInterrupt):
        write_volume(Stopped(shape), path)
    assert not path.exists()
    other = VolumePlan((30, 20, 18), seed=5)
    with pytest.raises(RunError, match="was begun with other options"):
        write_volume(other, path)
    with caplog.at_level("INFO", logger="topojax"):
        write_volume(GoingOn(shape), path)
    assert "16 of 40 planes are there" in caplog.text
    assert f"{20 * 18 * 4 * 24} bytes to be written" in caplog.text
    np.testing.assert_array_equal(_read(path), VolumePlan(shape).planes(0, 40))
    # Without a kill all slabs are made, so that `GoingOn` would have been heard.
    with pytest.raises(AssertionError):
        write_volume(GoingOn(shape), tmp_path / f"other{path.suffix}")
    with pytest.raises(KeyboardInterrupt):
        write_volume(Stopped(shape), path, overwrite=True)
    np.testing.assert_array_equal(_read(path), VolumePlan(shape).planes(0, 40))
    write_volume(other, path, overwrite=True)
    np.testing.assert_array_equal(_read(path), other.planes(0, 30))


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    other = VolumePlan((30, 20, 18), "smooth")
    for name in ("v.zarr", "v.npy", "planes"):
        path = tmp_path / name
        write_volume(PLAN, path)
        with pytest.raises(RunError, match=f"{name} exists and is not overwritten"):
            write_volume(other, path)
        np.testing.assert_array_equal(_read(path), PLAN.planes(0, 40))
        write_volume(other, path, overwrite=True)
        np.testing.assert_array_equal(_read(path), other.planes(0, 30))
        assert _facts(path)["synthetic"]["kind"] == "smooth"
    (tmp_path / "w.npy.json").write_text("{}")
    with pytest.raises(RunError, match=r"w\.npy\.json exists"):
        write_volume(PLAN, tmp_path / "w.npy")


@pytest.mark.parametrize("name", ["mine", "mine.zarr"])
def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("years")
    with pytest.raises(RunError, match="is a folder of something else"):
        write_volume(PLAN, tmp_path / name, overwrite=True)
    assert (tmp_path / name / "thesis.txt").read_text() == "years"


def test_a_kill_between_the_last_steps_is_mended(tmp_path: Path) -> None:
    path, making = tmp_path / "v.npy", tmp_path / ".v.npy.making"
    with pytest.raises(KeyboardInterrupt):
        write_volume(Stopped((40, 900, 900)), path)
    order = json.loads((making / "order.json").read_text())
    shutil.rmtree(making)
    # As it is left once the volume is in its place, and the facts are not.
    plan = VolumePlan((40, 900, 900))
    write_volume(plan, path)
    (tmp_path / "v.npy.json").unlink()
    making.mkdir()
    (making / "order.json").write_text(json.dumps(order))
    (making / "planes").write_text("40")
    write_volume(plan, path)
    assert _facts(path)["synthetic"]["shape"] == [40, 900, 900]
    assert not making.exists()


def test_chunks_are_those_asked_for(tmp_path: Path) -> None:
    write_volume(PLAN, tmp_path / "v.zarr", chunks=(7, 8, 100))
    array = zarr.open_array(tmp_path / "v.zarr", mode="r")
    assert (array.chunks, array.metadata.zarr_format) == ((7, 8, 18), 3)
    # Chunks of zeros alone are stored, too.
    assert array.nchunks_initialized == array.nchunks
    np.testing.assert_array_equal(array[...], PLAN.planes(0, 40))


@pytest.mark.parametrize("name", ["v.zarr", "v.npy"])
def test_memory_follows_the_slab(tmp_path: Path, name: str, monkeypatch) -> None:
    monkeypatch.setattr("topojax.data.synthetic.volumes.stores._SLAB_BYTES", 2**18)
    chunks = (16, 64, 64) if name == "v.zarr" else None
    write_volume(VolumePlan((32, 64, 64)), tmp_path / f"first{name}", chunks=chunks)
    peaks = []
    for depth in (128, 512):
        tracemalloc.start()
        write_volume(VolumePlan((depth, 64, 64)), tmp_path / f"{depth}{name}", chunks=chunks)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[0] > 16 * 64 * 64 * 4


@pytest.mark.parametrize(
    ("name", "chunks", "words"),
    [
        ("v.nii", None, r"v\.nii ends in '\.nii'; expected \.zarr"),
        ("v.npy", (4, 4, 4), "has no chunks"),
        ("v.zarr", (0, 4, 4), r"chunks=\(0, 4, 4\)"),
        ("", None, "expected .zarr"),
    ],
)
def test_other_places_are_refused(tmp_path: Path, name: str, chunks, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        write_volume(PLAN, tmp_path / name if name else Path("."), chunks=chunks)
    assert not list(tmp_path.iterdir())


def test_what_the_disk_has_no_room_for_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError, match=r"needs 4000000000 GB, and .* are free"):
        write_volume(VolumePlan((10**6, 10**6, 10**6)), tmp_path / "v.npy")
    with pytest.raises(RunError, match="no writable folder"):
        write_volume(PLAN, tmp_path / "none" / "v.npy")
