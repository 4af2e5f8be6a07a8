"""Files that hold no usable arrays end in one line, whatever is wrong with them."""

from __future__ import annotations

import contextlib
import io
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topojax.data import read_image_set, read_medmnist
from topojax.data.npz import keys_of, read_npy, read_npz
from topojax.errors import DataError


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _npz(save: Callable = np.savez) -> bytes:
    buffer = io.BytesIO()
    save(buffer, images=np.arange(8.0).reshape(2, 2, 2), labels=np.arange(2))
    return buffer.getvalue()


def _zip(member: bytes, name: str = "images.npy") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, member)
    return buffer.getvalue()


def _header_of_a_petabyte() -> bytes:
    buffer = io.BytesIO()
    fields = {"descr": "<f8", "fortran_order": False, "shape": (10**14, 2)}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue() + bytes(16)


def _header(shape: str, n_bytes: int = 16) -> bytes:
    """Return an npy array of a shape, as text, with other bytes than it needs."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(n_bytes)


def _twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("images.npy", _npy(np.zeros(3)))
        archive.writestr("images", _npy(np.ones(3)))
    return buffer.getvalue()


def _larger_than_it_can_be() -> bytes:
    content = bytearray(_npz(np.savez_compressed))
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 2**31)
    return bytes(content)


def _unknown_compression() -> bytes:
    content = bytearray(_npz())
    content[content.index(b"PK\x01\x02") + 10] = 99
    return bytes(content)


BAD = {
    "empty": (b"", "not an npz"),
    "text": (b"images, labels", "not an npz"),
    "a single array": (_npy(np.zeros(3)), "single array"),
    "cut short": (_npz()[:200], "cut short"),
    "damaged in its data": (_npz().replace(bytes(np.float64(3)), bytes(8)), "images is damaged"),
    "unknown compression": (_unknown_compression(), "images is damaged"),
    "an array longer than the file": (_zip(_npy(np.zeros(9))[:-8]), "images is damaged"),
    "a member that is no array": (_zip(b"text"), "images is not an array"),
    "a header of a petabyte": (_zip(_header_of_a_petabyte()), "images does not fit into memory"),
    "an axis of 31 digits": (_zip(_header(f"({'9' * 31},)")), "images does not fit into memory"),
    "none of so many": (_zip(_header(f"({'9' * 31}, 0)")), "images is damaged"),
    "an axis of less than none": (
        _zip(_header("(-1,)")),
        "images is damaged.*negative length, or none",
    ),
    "an axis that is no number": (
        _zip(_header("(True, 2)")),
        "images is damaged.*negative length, or none",
    ),
    "a hundred axes": (_zip(_header(f"({'1, ' * 100})")), "images is damaged"),
    "larger than it can be": (_larger_than_it_can_be(), "images is damaged.*stand for"),
    "two of a name": (_twice(), "two arrays named images"),
    "another key": (_zip(_npy(np.zeros(3)), "pictures.npy"), "lacks images; it holds pictures"),
    "a key that no terminal prints": (_zip(_npy(np.zeros(3)), "\x1b[31m.npy"), r"it holds \\x1b"),
    "a key of two lines": (_zip(_npy(np.zeros(3)), "a\nb.npy"), "it holds a b"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_archives(tmp_path: Path, case: str) -> None:
    content, message = BAD[case]
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_npz(path, ["images"])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("read", [read_npy, keys_of, read_medmnist, read_image_set])
def test_no_file(tmp_path: Path, read: Callable) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "absent.npz")
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / ("long" * 100 + ".npz"))
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(DataError, match="not a file"):
        read(tmp_path / "folder.npz")


def test_pickled_objects_are_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "run"

    class Touch:
        def __reduce__(self) -> tuple:
            return witness.touch, ()

    objects = np.empty(1, dtype=object)
    objects[0] = Touch()
    np.savez(tmp_path / "data.npz", images=objects)
    np.save(tmp_path / "data.npy", objects)
    with pytest.raises(DataError, match="images holds pickled objects"):
        read_npz(tmp_path / "data.npz", ["images"])
    with pytest.raises(DataError, match="cannot be read as npy"):
        read_npy(tmp_path / "data.npy")
    assert not witness.exists()
    np.load(tmp_path / "data.npy", allow_pickle=True)
    assert witness.exists()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"text", _npy(np.zeros(9))[:-8], _header_of_a_petabyte()),
        *(_header(f"({'9' * 31},)"), _header(f"({'9' * 31}, 0)"), _header("(-1,)")),
    ],
)
def test_bad_single_arrays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"data\.npy"):
        read_npy(path)


def test_what_does_not_fit_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    with path.open("wb") as file:
        file.write(_header(f"({2**39},)"))
        file.truncate(2**42 + 200)  # a hole, which takes no room
    with pytest.raises(DataError, match="does not fit into memory"):
        read_npy(path)


@pytest.mark.parametrize(
    "member",
    [
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**26),  # a header of 64 MiB
        _header(f"({2**24},)", 8),  # an array of 128 MiB
        b"",
    ],
)
def test_deflated_members_are_not_read_to_find_them_wrong(tmp_path: Path, member: bytes) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", member + bytes(2**26))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="images is"):
            read_npz(path, ["images"])
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_names_that_end_like_members_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, **{"a": np.zeros(1), "a.npy": np.ones(1)})
    found = read_npz(path, keys_of(path))
    assert {key: array.item() for key, array in found.items()} == {"a": 0, "a.npy": 1}


CONTENT = {"npz": _npz(), "packed": _npz(np.savez_compressed), "npy": _npy(np.zeros((2, 2, 2)))}


@settings(deadline=None, max_examples=300)
@given(data=st.data(), kind=st.sampled_from(sorted(CONTENT)))
def test_one_changed_byte_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    content = bytearray(CONTENT[kind])
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(bytes(content))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, on headers of another version
        # Anything but DataError, such as numpy's and zipfile's own, fails the test.
        with contextlib.suppress(DataError):
            read_npy(path) if kind == "npy" else read_npz(path, ["images", "labels"])


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_files_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(_npz())
    read_npz(path, ["images"])
    path.write_bytes(_npz()[:200])
    with pytest.raises(DataError):
        read_npz(path, ["images"])
    np.save(tmp_path / "data.npy", np.zeros(3))
    read_npy(tmp_path / "data.npy")
