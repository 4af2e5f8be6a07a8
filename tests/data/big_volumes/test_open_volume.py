"""Volumes in their files: planes that are asked for, by any process, and what is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from topojax.data.big_volumes import FileVolume, is_big_volume, open_volume
from topojax.data.big_volumes.tiff import natural_order
from topojax.data.scans import read_scan
from topojax.errors import DataError

VOLUME = np.random.default_rng(3).integers(-99, 99, (13, 6, 7)).astype(np.int16)
GREY = {"photometric": "minisblack"}


def _zarr(path: Path, voxels: np.ndarray = VOLUME, **how: Any) -> Path:
    zarr.create_array(path, data=voxels, **how)
    return path


def _ome(path: Path, axes: str = "tczyx", shape: tuple[int, ...] = (1, 1, 13, 6, 7)) -> Path:
    group = zarr.create_group(path)
    group.create_array("s0", data=np.resize(VOLUME, shape))
    group.create_array("s1", data=VOLUME[:, ::2])
    kinds = {"t": "time", "c": "channel"}
    said = [{"name": name, "type": kinds.get(name, "space")} for name in axes]
    levels = [{"path": "s0"}, {"path": "s1"}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": said, "datasets": levels}]}
    return path


def _npy(path: Path, voxels: np.ndarray = VOLUME) -> Path:
    np.save(path, voxels)
    return path


def _tiff(path: Path, voxels: np.ndarray = VOLUME, **how: Any) -> Path:
    tifffile.imwrite(path, voxels, **GREY | how)
    return path


def _folder(path: Path, planes: Any = VOLUME, **how: Any) -> Path:
    """Write planes under names whose natural order is not the alphabetic one."""
    path.mkdir()
    for number, plane in enumerate(planes):
        _tiff(path / f"z{number}.tif", plane, **how)
    return path


FORMATS: dict[str, Callable[[Path], Path]] = {
    "zarr": lambda folder: _zarr(folder / "v.zarr", chunks=(4, 5, 5)),
    "zarr 2": lambda folder: _zarr(folder / "v", zarr_format=2),
    "OME-Zarr": lambda folder: _ome(folder / "v.ome.zarr"),
    "npy": lambda folder: _npy(folder / "v.npy"),
    "npy, big-endian": lambda folder: _npy(folder / "v.npy", VOLUME.astype(">i2")),
    "npy, Fortran's order": lambda folder: _npy(folder / "v.npy", np.asfortranarray(VOLUME)),
    "TIFF": lambda folder: _tiff(folder / "v.tif"),
    "TIFF, big-endian": lambda folder: _tiff(folder / "v.tif", byteorder=">"),
    "TIFF, one page each": lambda folder: _tiff(folder / "v.TIFF", metadata=None),
    "TIFF, deflated": lambda folder: _tiff(folder / "v.tif", compression="zlib"),
    "TIFF of ImageJ": lambda folder: _tiff(folder / "v.tif", imagej=True, metadata={"axes": "ZYX"}),
    "OME-TIFF": lambda folder: _tiff(folder / "v.ome.tif", metadata={"axes": "ZYX"}),
    "folder": lambda folder: _folder(folder / "v"),
    "folder, deflated": lambda folder: _folder(folder / "v", compression="zlib"),
}


def _opened(path: Path) -> FileVolume:
    """Return the volume as another process has it."""
    return pickle.loads(pickle.dumps(open_volume(path)))


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_planes_are_those_of_the_file(make: Callable[[Path], Path], tmp_path: Path) -> None:
    volume = _opened(make(tmp_path))
    assert (volume.shape, volume.dtype, volume.nbytes) == ((13, 6, 7), np.int16, 13 * 6 * 7 * 2)
    assert volume.dtype.isnative
    for planes in (slice(0, 13), slice(4, 9), slice(None), slice(12, 99), slice(5, 5), slice(-2)):
        found = volume[planes]
        np.testing.assert_array_equal(found, VOLUME[planes])
        assert (found.dtype, found.flags.c_contiguous) == (np.int16, True)
        assert not isinstance(found, np.memmap)
    for box in ((slice(2, 9), slice(1, 5)), (slice(None), slice(3, 99), slice(-3, None))):
        np.testing.assert_array_equal(volume[box], VOLUME[box])
    with pytest.raises(IndexError, match="has steps"):
        volume[::2]


@pytest.mark.parametrize("as_folder", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_white_as_zero_is_turned_over_as_of_files_that_fit(
    tmp_path: Path, dtype: str, as_folder: bool
) -> None:
    voxels = (VOLUME + 99).astype(dtype)
    file = _tiff(tmp_path / "v.tif", voxels, photometric="miniswhite")
    folder = _folder(tmp_path / "v", voxels, photometric="miniswhite")
    volume = _opened(folder if as_folder else file)
    np.testing.assert_array_equal(volume[2:], read_scan(file).voxels[2:])
    assert (volume[:] != voxels).any()
    assert volume.notes == ("white is zero: inverted",)


def test_numbers_in_names_count_as_numbers(tmp_path: Path, caplog) -> None:
    names = ["a2b10.tif", "a2b9.tif", "a10b1.tif", "a2.tif", "01.tif", "1.tif", "B.tif"]
    assert sorted(names, key=natural_order) == [
        "01.tif", "1.tif", "B.tif", "a2.tif", "a2b9.tif", "a2b10.tif", "a10b1.tif",
    ]  # fmt: skip
    folder = _folder(tmp_path / "v")
    (folder / "notes.txt").write_text("of the scanner")
    (folder / ".hidden.tif").write_bytes(b"")
    np.testing.assert_array_equal(open_volume(folder)[:], VOLUME)
    assert "1 left out, no TIFF files: notes.txt" in caplog.text


def test_chunks_that_are_not_stored_are_said(tmp_path: Path) -> None:
    path = _zarr(tmp_path / "v.zarr", chunks=(13, 6, 4))
    assert open_volume(path).notes == ()
    (path / "c" / "0" / "0" / "1").unlink()
    assert open_volume(path).notes == ("1 of 2 chunks are not stored and read as 0",)


def test_what_is_one_image_whatever_its_shape_is_known_by_its_name(tmp_path: Path) -> None:
    assert is_big_volume(_zarr(tmp_path / "v.zarr"))
    assert is_big_volume(_tiff(tmp_path / "v.tif"))
    for path in (_npy(tmp_path / "v.npy"), _folder(tmp_path / "v"), tmp_path / "none.tif"):
        assert not is_big_volume(path)


def _mixed(folder: Path) -> Path:
    path = _folder(folder / "v")
    _tiff(path / "z4.tif", VOLUME[4].astype(np.uint16))
    return path


def _group(folder: Path) -> Path:
    zarr.create_group(folder / "v.zarr").create_array("first", data=VOLUME)
    return folder / "v.zarr"


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-40])
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (lambda f: f / "none.npy", "does not exist"),
    "another format": (lambda f: _npy(f / "v.npy").rename(f / "v.nii"), "is not read plane by"),
    "a plane": (lambda f: _npy(f / "v.npy", VOLUME[0]), r"shape \(6, 7\), no more than one plane"),
    "four axes": (lambda f: _zarr(f / "v.zarr", VOLUME[None]), "several times, channels or volum"),
    "colour": (lambda f: _npy(f / "v.npy", VOLUME[..., :3]), "of one plane in colour"),
    "complex": (lambda f: _npy(f / "v.npy", VOLUME + 1j), "dtype complex128"),
    "no voxel": (lambda f: _npy(f / "v.npy", VOLUME[:0]), "at least one voxel"),
    "a cut file": (lambda f: _cut(_npy(f / "v.npy")), "cannot be read as npy"),
    "a cut TIFF": (lambda f: _cut(_tiff(f / "v.tif", metadata=None)), "cannot be read as TIFF"),
    "times": (lambda f: _ome(f / "v.zarr", "tzyx", (2, 13, 6, 7)), r"holds 2 times \(axis t\)"),
    "channels": (lambda f: _ome(f / "v.zarr", "czyx", (2, 13, 6, 7)), "holds 2 channels"),
    "a flat image": (lambda f: _ome(f / "v.zarr", "yx", (13, 6)), "no more than one plane"),
    "a group": (_group, "name one of those in it .first"),
    "times of TIFF": (
        lambda f: _tiff(f / "v.tif", imagej=True, metadata={"axes": "TYX"}),
        "axes TYX, a time series",
    ),
    "one page": (lambda f: _tiff(f / "v.tif", VOLUME[0]), "holds one plane"),
    "colours of TIFF": (
        lambda f: _tiff(f / "v.tif", np.zeros((4, 6, 7, 3), np.uint8), photometric="rgb"),
        "is of colour or has several channels",
    ),
    "planes of two kinds": (_mixed, r"z4\.tif has uint16 of 6 x 7, z0\.tif int16 of 6 x 7"),
    "stacks in a folder": (lambda f: _folder(f / "v", VOLUME[None]), "z0.tif holds 13 planes"),
    "no TIFF": (lambda f: _npy(f / "v.npy").parent, "holds no TIFF file"),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_volume_is_named(make: Callable[[Path], Path], words: str, tmp_path) -> None:
    with pytest.raises(DataError, match=words) as raised:
        open_volume(make(tmp_path))
    assert "\n" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_a_chunk_that_is_damaged_is_named_when_it_is_read(tmp_path: Path) -> None:
    path = _zarr(tmp_path / "v.zarr", chunks=(4, 6, 7))
    (path / "c" / "2" / "0" / "0").write_bytes(json.dumps("no chunk").encode())
    volume = open_volume(path)
    np.testing.assert_array_equal(volume[:8], VOLUME[:8])
    with pytest.raises(DataError, match="cannot be read as zarr"):
        volume[8:]
