"""What a header declares is held against the file and the memory before anything is read."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from topojax.data import read_image_set, resize_images, validate_images
from topojax.data.memory import memory_limit
from topojax.errors import ConfigError, DataError


def _npy(shape: tuple[int, ...], stored: int, descr: str = "<f4") -> bytes:
    buffer = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue() + bytes(stored)


def _deflated(member: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", member)
    return buffer.getvalue()


HOSTILE = {
    "a length of 31 digits": (_npy((10**30, 28, 28), 64), "does not fit into memory"),
    "a product of 31 digits": (_npy((10**15, 10**15, 2), 64), "does not fit into memory"),
    "no bytes a value": (_npy((10**30, 28, 28), 0, "|V0"), "does not fit into memory"),
    "a negative length": (_npy((-1, 4, 4), 64), "negative length"),
    "more than the file holds": (_npy((1000, 64, 64), 64), "declares 16.4 MB, there are"),
}


@pytest.mark.parametrize("pack", [bytes, _deflated], ids=["npy", "npz"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_headers(tmp_path: Path, case: str, pack: Callable[[bytes], bytes]) -> None:
    content, message = HOSTILE[case]
    path = tmp_path / ("data.npy" if pack is bytes else "data.npz")
    path.write_bytes(pack(content))
    with pytest.raises(DataError, match=message) as caught:
        read_image_set(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_archive_that_declares_what_it_cannot_unpack_to(tmp_path: Path) -> None:
    content = bytearray(_deflated(_npy((1000, 64, 64), 64)))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(DataError, match="images is damaged"):
        read_image_set(tmp_path / "data.npz")


_LIMITED = """
import resource, sys
from topojax.data import read_image_set, resize_images
from topojax.errors import DataError

pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (pages + 2**28, resource.RLIM_INFINITY))
try:
    read_image_set(sys.argv[1])
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of addresses are Linux's")
@pytest.mark.parametrize("n", [200, 90])
def test_data_beyond_a_memory_limit_are_refused_in_one_line(tmp_path: Path, n: int) -> None:
    path = tmp_path / "data.npy"
    # 200 images: 420 MB and as much again as float32; 90: read, but not read and checked.
    with path.open("wb") as file:
        file.write(_npy((n, 512, 1024), 0))
        file.truncate(file.tell() + n * 512 * 1024 * 4)
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "does not fit into memory" in done.stdout
    assert done.stderr == ""


def test_a_size_beyond_memory_is_refused_before_it_is_tried() -> None:
    with pytest.raises(ConfigError, match=r"size=10000000: 2 images take 800000 GB"):
        resize_images(np.zeros((2, 28, 28), np.float32), 10_000_000, 2)
    assert 0 < memory_limit() <= sys.maxsize


def test_finite_values_beyond_float32_are_not_called_infinite() -> None:
    images = np.full((2, 3, 3), 1e300)
    images[0] = -2e301
    with pytest.raises(DataError, match=r"values up to 2e\+301 in magnitude.*rescale") as caught:
        validate_images(images, name="X")
    assert "infinite" not in str(caught.value)
