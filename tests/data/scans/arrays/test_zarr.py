"""zarr stores: arrays, OME-Zarr images, and stores that are damaged or hostile."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from topojax.data.scans import is_scan, read_scan
from topojax.errors import DataError

from ..outcomes import outcome

VOLUME = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
AXES = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
TIME, CHANNEL = {"name": "t", "type": "time"}, {"name": "c", "type": "channel"}


def _array(path: Path, voxels: np.ndarray = VOLUME, **how: Any) -> zarr.Array:
    chunks = tuple(max(1, (length + 1) // 2) for length in voxels.shape)
    array = zarr.create_array(path, shape=voxels.shape, dtype=voxels.dtype, chunks=chunks, **how)
    array[...] = voxels
    return array


def _image(
    path: Path, *, version: str = "0.5", axes: list = AXES, scale: tuple = (2000, 500, 250),
    voxels: np.ndarray = VOLUME, images: int = 1, **more: Any,
) -> Path:  # fmt: skip
    """Write an OME-Zarr image of two levels."""
    group = zarr.create_group(path, zarr_format=3 if version == "0.5" else 2)
    for name, level in (("s0", voxels), ("s1", voxels[..., ::2])):
        array = group.create_array(name, shape=level.shape, dtype=level.dtype)
        array[...] = level
    levels = [
        {"path": name, "coordinateTransformations": [{"type": "scale", "scale": list(scale)}]}
        for name in ("s0", "s1")
    ]
    said = {"multiscales": [{"axes": axes, "datasets": levels, **more}] * images}
    group.attrs.update({"ome": {"version": "0.5", **said}} if version == "0.5" else said)
    return path


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", ["scan.zarr", "scan"])
def test_an_array(tmp_path: Path, zarr_format: int, name: str) -> None:
    _array(tmp_path / name, zarr_format=zarr_format)
    assert is_scan(tmp_path / name)
    scan = read_scan(tmp_path / name)
    assert (scan.voxels.dtype, scan.spatial_dims, scan.notes) == (np.int16, 3, ())
    assert (scan.affine, scan.spacing) == (None, None)
    np.testing.assert_array_equal(scan.voxels, VOLUME)


def test_shards_and_colour(tmp_path: Path) -> None:
    voxels = np.arange(96, dtype=np.uint8).reshape(4, 8, 3)
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=voxels.shape, dtype="u1", chunks=(2, 2, 3), shards=(4, 8, 3)
    )
    array[...] = voxels
    scan = read_scan(tmp_path / "a.zarr")
    np.testing.assert_array_equal(scan.voxels, voxels)
    assert (scan.spatial_dims, scan.notes) == (2, ("last axis, of length 3, taken as colour",))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_is_its_finest_level(tmp_path: Path, version: str) -> None:
    scan = read_scan(_image(tmp_path / "image.ome.zarr", version=version))
    np.testing.assert_array_equal(scan.voxels, VOLUME)
    np.testing.assert_allclose(scan.spacing, (2, 0.5, 0.25))
    assert scan.notes == ()


def test_axes_of_length_one_are_dropped(tmp_path: Path) -> None:
    path = _image(
        tmp_path / "i.zarr", axes=[TIME, CHANNEL, *AXES], scale=(1, 1, 2000, 500, 250),
        voxels=VOLUME[None, None],
    )  # fmt: skip
    scan = read_scan(path)
    assert (scan.shape, scan.spatial_dims) == ((4, 5, 6), 3)
    np.testing.assert_allclose(scan.spacing, (2, 0.5, 0.25))


def test_a_scale_of_the_whole_image_comes_on_top(tmp_path: Path) -> None:
    whole = [{"type": "scale", "scale": [1, 1, 4]}, {"type": "translation", "translation": [9] * 3}]
    scan = read_scan(_image(tmp_path / "i.zarr", coordinateTransformations=whole))
    np.testing.assert_allclose(scan.spacing, (2, 0.5, 1))


def test_without_a_unit_there_is_no_spacing(tmp_path: Path) -> None:
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    assert read_scan(_image(tmp_path / "i.zarr", axes=axes)).spacing is None


def test_the_first_of_several_images_is_taken_and_said(tmp_path: Path) -> None:
    scan = read_scan(_image(tmp_path / "i.zarr", images=2))
    assert scan.notes == ("the first of 2 images taken",)


def test_chunks_that_are_not_stored_are_said(tmp_path: Path) -> None:
    _array(tmp_path / "a.zarr", fill_value=-1)
    chunk = tmp_path / "a.zarr" / "c" / "1" / "1" / "1"
    assert chunk.is_file()
    chunk.unlink()
    scan = read_scan(tmp_path / "a.zarr")
    assert scan.notes == ("1 of 8 chunks are not stored and read as -1",)
    assert (scan.voxels[2:, 3:, 3:] == -1).all()


def _group(path: Path) -> None:
    group = zarr.create_group(path)
    group.create_array("first", shape=(3, 3), dtype="f4")
    group.create_group("more").create_array("second", shape=(3,), dtype="f4")


def _damaged(path: Path) -> None:
    _array(path, compressors=zarr.codecs.GzipCodec())
    chunk = path / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-9])


def _declaring(path: Path, **what: Any) -> None:
    _array(path)
    said = json.loads((path / "zarr.json").read_text())
    (path / "zarr.json").write_text(json.dumps(said | what))


def _empty_folder(path: Path) -> None:
    path.mkdir()


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda path: None, "does not exist"),
    "an empty folder": (_empty_folder, "cannot be read as zarr"),
    "a file": (lambda path: path.write_text("no store"), "no known format"),
    "a group": (_group, r"no OME-Zarr image; .* name one of those in it \(first, more/second\)"),
    "an empty group": (lambda path: zarr.create_group(path), "there is none"),
    "a chunk cut short": (_damaged, "cannot be read as zarr"),
    "larger than memory": (
        lambda path: _declaring(path, shape=[10**6, 10**6, 10**6]),
        "does not fit into memory",
    ),
    "chunks larger than memory": (
        lambda path: _declaring(
            path,
            chunk_grid={"name": "regular", "configuration": {"chunk_shape": [10**6] * 3}},
        ),
        "does not fit into memory",
    ),
    "four axes": (lambda p: _array(p, VOLUME[None]), r"shape \(1, 4, 5, 6\)"),
    "complex": (lambda p: _array(p, VOLUME * 1j), "dtype complex128"),
    "times": (
        lambda p: _image(p, axes=[TIME, *AXES[1:]], voxels=VOLUME),
        r"holds 4 times \(axis t\); expected one image",
    ),
    "channels": (lambda p: _image(p, axes=[CHANNEL, *AXES[1:]]), "holds 4 channels"),
    "axes of another number": (lambda p: _image(p, axes=AXES[1:], scale=(1, 1)), "for the axes"),
    "axes without a kind": (lambda p: _image(p, axes=["z", "y", "x"]), "older than OME-NGFF 0.4"),
    "a scale of another number": (lambda p: _image(p, scale=(1, 2)), "a scale of 2 numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_store(tmp_path: Path, case: str) -> None:
    make, message = REFUSED[case]
    make(tmp_path / "scan.zarr")
    with pytest.raises(DataError, match=message) as caught:
        read_scan(tmp_path / "scan.zarr")
    assert str(tmp_path / "scan.zarr") in str(caught.value)
    assert "\n" not in str(caught.value)


class _RunsCode:
    """What a pickle in a chunk could do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def test_pickles_in_chunks_do_not_run(tmp_path: Path) -> None:
    path, ran = tmp_path / "a.zarr", tmp_path / "ran"
    _array(path, VOLUME[0], zarr_format=2, compressors=None)
    (path / "0.0").write_bytes(pickle.dumps(_RunsCode(ran)))
    said = json.loads((path / ".zarray").read_text())
    for more in ({"compressor": {"id": "pickle"}}, {"filters": [{"id": "pickle"}]}):
        (path / ".zarray").write_text(json.dumps(said | more))
        assert outcome(path) == "refused"
        (path / ".zarray").write_text(json.dumps(said | more | {"dtype": "|O"}))
        assert outcome(path) == "refused"
    assert not ran.exists()
    pickle.loads((path / "0.0").read_bytes())
    assert ran.exists()


def test_without_zarr_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _array(tmp_path / "a.zarr")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(DataError, match=r"needs zarr, .* pip install 'topojax\[zarr\]'"):
        read_scan(tmp_path / "a.zarr")


def test_damaged_metadata_are_read_or_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    path = _image(tmp_path / "i.zarr") / "zarr.json"
    whole = path.read_text()
    outcomes = set()
    for position in rng.integers(len(whole), size=60):
        path.write_text(whole[:position] + rng.choice(list('"{}[]0:x,')) + whole[position + 1 :])
        outcomes.add(outcome(path.parent))
    assert outcomes == {"read", "refused"}
