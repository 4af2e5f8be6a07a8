"""Weight files of every format give the same arrays, and unreadable ones one line."""

from __future__ import annotations

import numpy as np
import pytest

from topojax.errors import WeightsError
from topojax.weights import read_state_dict


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
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"a.{suffix}"
    for content in (None, b"", b"PK\x03\x04 no archive"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WeightsError, match=rf"a\.{suffix}") as caught:
            read_state_dict(path)
        assert "\n" not in str(caught.value)


def test_safetensors_are_read_where_installed(tmp_path, rng):
    numpy_format = pytest.importorskip("safetensors.numpy")
    weight = rng.standard_normal((3, 2)).astype(np.float32)
    numpy_format.save_file({"fc.weight": weight}, tmp_path / "a.safetensors")
    arrays = read_state_dict(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(arrays["fc.weight"], weight)


def test_safetensors_name_the_package_where_absent(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    (tmp_path / "a.safetensors").write_bytes(b"x")
    with pytest.raises(WeightsError, match="pip install safetensors"):
        read_state_dict(tmp_path / "a.safetensors")


def test_torch_files_are_read(shared):
    arrays = read_state_dict(shared / "golden" / "torch_files" / "parameter.pth")
    assert arrays["fc.weight"].shape == (2, 3)
