"""Weight files of every format give the same arrays, and unreadable ones one line."""

from __future__ import annotations

import json
import struct
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from topojax.errors import RunError, WeightsError
from topojax.weights import read_state_dict, write_state_dict


def test_npz_is_read(tmp_path, rng):
    weight = rng.standard_normal((3, 2)).astype(np.float32)
    np.savez(tmp_path / "a.npz", **{"fc.weight": weight})
    np.testing.assert_array_equal(read_state_dict(tmp_path / "a.npz")["fc.weight"], weight)


def test_npz_of_objects_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.array([{}], dtype=object))
    with pytest.raises(WeightsError, match=r"a\.npz"):
        read_state_dict(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["npz", "pth", "safetensors"])
def test_garbage_and_absence_are_one_line(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    for content in (None, b"", b"PK\x03\x04 no archive"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WeightsError, match=rf"a\.{suffix}") as caught:
            read_state_dict(path)
        assert "\n" not in str(caught.value)


def test_safetensors_are_read(tmp_path, rng):
    weight = rng.standard_normal((3, 2)).astype(np.float32)
    safetensors.numpy.save_file({"fc.weight": weight}, tmp_path / "a.safetensors")
    arrays = read_state_dict(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(arrays["fc.weight"], weight)


def test_safetensors_name_the_package_where_absent(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    (tmp_path / "a.safetensors").write_bytes(b"x")
    with pytest.raises(WeightsError, match="pip install safetensors"):
        read_state_dict(tmp_path / "a.safetensors")


def test_torch_files_are_read(made_torch_files):
    arrays = read_state_dict(made_torch_files / "parameter.pth")
    np.testing.assert_array_equal(arrays["fc.weight"], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_what_is_written_is_read_again(tmp_path, rng, suffix):
    arrays = {
        "file": rng.standard_normal((3, 4, 5)).astype(np.float32).transpose(2, 0, 1),
        "half": rng.standard_normal(3).astype(np.float16),
        "count": np.array(7),
        "empty": np.zeros((0, 2), np.float32),
    }
    write_state_dict(tmp_path / f"a.{suffix}", arrays)
    found = read_state_dict(tmp_path / f"a.{suffix}")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_types_that_numpy_has_not_are_written_as_float32(tmp_path, name):
    array = np.arange(8).astype(getattr(ml_dtypes, name))
    write_state_dict(tmp_path / "a.npz", {"w": array})
    found = read_state_dict(tmp_path / "a.npz")["w"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.arange(8))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("BF16", "bfloat16"), ("F8_E4M3", "float8_e4m3fn"), ("F8_E5M2", "float8_e5m2")],
)
def test_types_that_numpy_has_not_are_read_from_safetensors(tmp_path, kind, name):
    array = np.arange(8).astype(getattr(ml_dtypes, name))
    entry = {"dtype": kind, "shape": [2, 4], "data_offsets": [0, array.nbytes]}
    header = json.dumps({"w": entry}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + array.tobytes())
    found = read_state_dict(path)["w"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array.reshape(2, 4))


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(WeightsError, match=r"a\.pth is neither"):
        write_state_dict(tmp_path / "a.pth", {})
    with pytest.raises(RunError, match="cannot be written"):
        write_state_dict(tmp_path / "absent" / "a.npz", {})
    with pytest.raises(ValueError, match="allow_pickle"):
        write_state_dict(tmp_path / "a.npz", {"w": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def _safetensors(shape: list[int], n_bytes: int) -> bytes:
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, n_bytes]}
    header = json.dumps({"w": entry}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(n_bytes)


@pytest.mark.parametrize("shape", [[1] * 71, [0, 2**63], [0, 2**62, 2**62]])
def test_shapes_that_no_array_has_are_one_line(tmp_path, shape):
    path = tmp_path / "a.safetensors"
    path.write_bytes(_safetensors(shape, 0 if 0 in shape else 4))
    with pytest.raises(WeightsError, match=r"a\.safetensors"):
        read_state_dict(path)


@pytest.mark.parametrize("array", [np.array(["resnet18"]), np.zeros(2, "V2"), np.zeros(2, "M8[s]")])
def test_npz_of_what_is_no_number_is_refused(tmp_path, array):
    np.savez(tmp_path / "a.npz", w=array)
    with pytest.raises(WeightsError, match=r"a\.npz: w is of type .* no number"):
        read_state_dict(tmp_path / "a.npz")


def test_npz_that_becomes_much_more_is_refused_unread(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", w=np.zeros(2**24, np.float32), v=np.zeros(2**22))
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match=r"a\.npz .*become 96 MiB out of .*compressed"):
            read_state_dict(tmp_path / "a.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_torch_file_of_many_names_for_one_storage_is_refused(tmp_path, write_torch_file):
    table = np.zeros(2**17, ml_dtypes.bfloat16)
    many = {f"w{i}": table for i in range(2000)}
    write_torch_file(tmp_path / "a.pth", many)
    with pytest.raises(WeightsError, match=r"a\.pth .*become 500 MiB out of .*storages"):
        read_state_dict(tmp_path / "a.pth")
    few = {name: many[name] for name in list(many)[:50]}
    write_torch_file(tmp_path / "b.pth", few)
    assert len(read_state_dict(tmp_path / "b.pth")) == 50


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_views_of_one_storage_are_written_one_after_the_other(tmp_path, suffix):
    table = np.arange(2**18).astype(ml_dtypes.bfloat16)
    path = tmp_path / f"a.{suffix}"
    tracemalloc.start()
    try:
        write_state_dict(path, {f"w{i}": table for i in range(50)})
        assert tracemalloc.get_traced_memory()[1] < 8 * table.nbytes
    finally:
        tracemalloc.stop()
    found = read_state_dict(path)
    assert len(found) == 50
    for array in found.values():
        np.testing.assert_array_equal(array, table.astype(np.float32))


def test_safetensors_are_those_of_its_package(tmp_path, rng):
    arrays = {
        name: rng.integers(0, 2, (2, 3)).astype(name)
        for name in ("bool", "uint8", "int64", "float16", "float32", "float64")
    }
    write_state_dict(tmp_path / "a.safetensors", arrays)
    found = safetensors.numpy.load_file(tmp_path / "a.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    with pytest.raises(WeightsError, match="complex128"):
        write_state_dict(tmp_path / "b.safetensors", {"w": np.zeros(2, complex)})
    assert not (tmp_path / "b.safetensors").exists()


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_big_endian_arrays_keep_type_and_values(tmp_path, suffix):
    array = np.array([1 + 2**-40, 3])
    write_state_dict(tmp_path / f"a.{suffix}", {"w": array.astype(">f8")})
    np.testing.assert_array_equal(read_state_dict(tmp_path / f"a.{suffix}")["w"], array)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("name", ["a\nb", "a\0b", "\ud800", "a" * 70_000])
def test_names_that_files_cannot_hold_are_refused(tmp_path, suffix, name):
    with pytest.raises(WeightsError, match="cannot hold the name") as caught:
        write_state_dict(tmp_path / f"a.{suffix}", {name: np.zeros(1)})
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_does_not_exist(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        read_state_dict(tmp_path / ("long" * 100 + ".npz"))


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_larger_than_memory_is_one_line(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    with path.open("wb") as file:
        file.truncate(2**42)  # a hole, which takes no room
    with pytest.raises(WeightsError, match=rf"a\.{suffix} does not fit into memory"):
        read_state_dict(path)
