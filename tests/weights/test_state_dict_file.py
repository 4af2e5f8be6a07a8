"""Weight files of every format give the same arrays, and unreadable ones one line."""

from __future__ import annotations

import json
import struct

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
