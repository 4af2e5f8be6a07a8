"""Torch files: torch's own output is read bit by bit; nothing hostile or damaged gets through."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topojax.errors import WeightsError
from topojax.weights import read_torch_file


@pytest.fixture(scope="module", params=["made here", "torch's own"])
def files(request: pytest.FixtureRequest) -> Path:
    """Return a folder of files of the same names, whoever wrote them."""
    if request.param == "made here":
        return request.getfixturevalue("made_torch_files")
    return request.getfixturevalue("shared") / "golden" / "torch_files"


@pytest.mark.parametrize("name", ["zip_format", "legacy_format", "nested_dataparallel"])
def test_files_hold_what_was_written(files, name):
    expected = np.load(files / "expected.npz")
    arrays = read_torch_file(files / f"{name}.pth")
    assert set(arrays) == {key for key in expected.files if not key.startswith("parameter/")}
    assert len(arrays) == 12
    for key, array in arrays.items():
        assert array.shape == expected[key].shape
        np.testing.assert_array_equal(array.astype(expected[key].dtype), expected[key])
    assert arrays["half.weight"].dtype == np.float16
    assert arrays["bf16.weight"].dtype == ml_dtypes.bfloat16
    assert arrays["bn.num_batches_tracked"].dtype == np.int64


def test_a_parameter_is_its_tensor(files):
    expected = np.load(files / "expected.npz")["parameter/fc.weight"]
    np.testing.assert_array_equal(read_torch_file(files / "parameter.pth")["fc.weight"], expected)


def test_hostile_file_is_refused_by_name_and_not_run(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=r"hostile\.pth.*system"):
        read_torch_file(files / "hostile.pth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="runs a command of POSIX's shell")
def test_the_hostile_file_would_run_in_pickles_hands(made_torch_files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(made_torch_files / "hostile.pth") as archive:
        pickle.loads(archive.read("archive/data.pkl"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a_shell_command_was_run"]


@pytest.mark.parametrize("name", ["zip_format.pth", "legacy_format.pth"])
def test_every_truncation_is_refused(files, tmp_path, name):
    data = (files / name).read_bytes()
    path = tmp_path / name
    assert len(data) > 2000
    for size in range(0, len(data), len(data) // 60):
        path.write_bytes(data[:size])
        with pytest.raises(WeightsError):
            read_torch_file(path)


@pytest.mark.parametrize("name", ["zip_format.pth", "legacy_format.pth"])
@settings(
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1))
def test_damage_gives_arrays_or_weights_error(files, tmp_path, name, changes):
    data = bytearray((files / name).read_bytes())
    for position, byte in changes:
        data[position % len(data)] = byte
    path = tmp_path / name
    path.write_bytes(data)
    try:
        arrays = read_torch_file(path)
    except WeightsError:
        return
    assert sum(array.size for array in arrays.values()) <= len(arrays) * len(data)


def test_missing_file_is_one_line(tmp_path):
    with pytest.raises(WeightsError, match="cannot be read") as caught:
        read_torch_file(tmp_path / "none.pth")
    assert "\n" not in str(caught.value)


class _Call:
    # Pickles as a call of any function with any arguments, which is what torch's pickles are.
    def __init__(self, function: str, *arguments: object) -> None:
        self.function = function
        self.arguments = arguments


class _Storage:
    def __init__(self, dtype: str, key: str, n_elements: int) -> None:
        self.parts = (dtype, key, n_elements)


def _encode(value: object) -> bytes:
    """Write the opcodes that torch writes, for a few types; protocol 2 without a memo."""
    if isinstance(value, _Call):
        module, name = value.function.rsplit(".", 1)
        return f"c{module}\n{name}\n".encode() + _encode(value.arguments) + b"R"
    if isinstance(value, _Storage):
        dtype, key, n_elements = value.parts
        kind = f"ctorch\n{dtype}\n".encode()
        return (
            b"(" + _encode("storage") + kind + _encode(key) + _encode("cpu")
            + _encode(n_elements) + b"tQ"
        )  # fmt: skip
    if isinstance(value, dict):
        return b"}(" + b"".join(_encode(k) + _encode(v) for k, v in value.items()) + b"u"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_encode, value)) + b"t"
    return pickle.dumps(value, protocol=2)[2:-1]


def _tensor(offset, shape, strides, n_elements=6, dtype="FloatStorage", key="0", metadata=None):
    storage = _Storage(dtype, key, n_elements)
    return _Call(
        "torch._utils._rebuild_tensor_v2", storage, offset, shape, strides, False, None, metadata
    )


def _write(path: Path, found: object, storage: bytes = np.arange(6, dtype="<f4").tobytes()) -> Path:
    return _write_raw(path, b"\x80\x02" + _encode(found) + b".", storage)


def _write_raw(path: Path, pickled: bytes, storage: bytes = b"", **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickled)
        archive.writestr("a/data/0", storage)
        for name, content in more.items():
            archive.writestr(f"a/{name}", content)
    return path


def test_views_follow_offset_and_strides(tmp_path):
    path = _write(tmp_path / "a.pth", {"w": _tensor(1, (2, 2), (1, 2))})
    np.testing.assert_array_equal(read_torch_file(path)["w"], [[1, 3], [2, 4]])


@pytest.mark.parametrize(
    "name",
    [
        *("float16", "float32", "float64", "bfloat16", "complex64", "complex128", "bool"),
        *("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
    ],
)
def test_every_dtype_is_read(tmp_path, name):
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    held = np.frombuffer(bytes(range(128)) if name != "bool" else b"\0\1" * 64, dtype)
    call = _Call(
        "torch._utils._rebuild_tensor_v3",
        _Storage("UntypedStorage", "0", 128), 1, (2, 3), (1, 2), False, None, _Call("torch.x"),
    )  # fmt: skip
    pickled = _encode({"w": call}).replace(b"ctorch\nx\n(tR", f"ctorch\n{name}\n".encode())
    pickled = pickled.replace(b"ctorch\nUntyped", b"ctorch.storage\nUntyped")
    path = _write_raw(tmp_path / "a.pth", b"\x80\x02" + pickled + b".", held.tobytes())
    array = read_torch_file(path)["w"]
    assert array.dtype == dtype
    assert not array.flags.writeable
    assert array.tobytes() == held[1:7].reshape(3, 2).T.tobytes()


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"w": _tensor(0, (6,), (1,), dtype="QInt8Storage")}, "quantised.*QInt8Storage"),
        ({"w": _Call("torch._utils._rebuild_qtensor", 1)}, "quantised.*_rebuild_qtensor"),
        ({"w": _Call("torch._utils._rebuild_sparse_tensor", 1)}, "asks for.*sparse"),
        ({"w": _tensor(0, (6,), (1,), dtype="bits8")}, "asks for.*bits8"),
        ({"w": _tensor(0, (3,), (1,), metadata={"conj": True})}, "conjugated"),
    ],
)
def test_what_numpy_cannot_hold_is_refused_by_name(tmp_path, found, message):
    with pytest.raises(WeightsError, match=message):
        read_torch_file(_write(tmp_path / "a.pth", found))


def test_typed_tensor_over_untyped_storage(tmp_path):
    call = _Call(
        "torch._utils._rebuild_tensor_v3",
        _Storage("FloatStorage", "0", 6), 2, (2,), (1,), False, None, _Call("torch.x"),
    )  # fmt: skip
    pickled = _encode({"w": call}).replace(b"ctorch\nx\n(tR", b"ctorch\nuint16\n")
    path = _write_raw(
        tmp_path / "a.pth", b"\x80\x02" + pickled + b".", struct.pack("<12H", *range(12))
    )
    np.testing.assert_array_equal(read_torch_file(path)["w"], np.array([2, 3], np.uint16))


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (4, (3,), (1,)),
        (7, (0,), (1,)),
        (0, (2, 3), (4, 1)),
        (0, (2**40,), (0,)),
        (0, (7,), (0,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 3), (1,)),
        (0, (2,), (1.0,)),
        (0, "ab", (1,)),
    ],
)
def test_tensors_outside_their_storage_are_refused(tmp_path, offset, shape, strides):
    path = _write(tmp_path / "a.pth", {"w": _tensor(offset, shape, strides)})
    with pytest.raises(WeightsError, match=r"a\.pth"):
        read_torch_file(path)


@pytest.mark.parametrize(
    "found",
    [
        {"w": _tensor(0, (6,), (1,), n_elements=7)},
        {"w": _tensor(0, (6,), (1,), n_elements=2**62)},
        {"w": _tensor(0, (6,), (1,), key="1")},
        {"w": _tensor(0, (6,), (1,), n_elements=2**40)},
        {"w": _tensor(0, (0, 2**40, 2**40), (1, 1, 1))},
        {"w": _Call("builtins.eval", "1")},
        {"w": _Call("collections.OrderedDict", 5)},
        {"w": _Call("torch._utils._rebuild_tensor_v2", 1, 2)},
        {"epoch": 3},
        {},
        [1, 2],
        7,
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path, found):
    with pytest.raises(WeightsError, match=r"a\.pth"):
        read_torch_file(_write(tmp_path / "a.pth", found))


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02}r\xff\xff\xff\xff.",  # a memo slot four billion wide
        b"\x80\x05\x96" + b"\xff" * 7 + b"\x3f.",  # a bytearray of exabytes
        b"\x80\x02\x8c\x05ab.",
        b"\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00ad b.",
        b"\x80\x02ccollections\nOrderedDict\n}b.",
        b"\x80\x02(((",
        b"\x80\x02.",
        b"",
        # A dict whose key is a tuple in a tuple in a tuple …: hashing it overflows the stack.
        b"\x80\x02})" + b"\x85" * 10**5 + b"K\x01s.",
        b"\x80\x02ccollections\nOrderedDict\n](]()" + b"\x85" * 10**5 + b"K\x01ee\x85R.",
        # A key of more digits than Python prints.
        b"\x80\x02}\x8b\x00\x10\x00\x00" + b"\x7f" * 4096 + b"K\x01s.",
    ],
)
def test_malformed_pickles_cost_nothing(tmp_path, pickled):
    with pytest.raises(WeightsError):
        read_torch_file(_write_raw(tmp_path / "a.pth", pickled))


def test_compressed_and_foreign_archives_are_refused(tmp_path):
    bomb = tmp_path / "bomb.pth"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(10**6))
    with pytest.raises(WeightsError, match="compressed"):
        read_torch_file(bomb)
    other = tmp_path / "other.pth"
    np.savez(other.open("wb"), a=np.zeros(2))
    with pytest.raises(WeightsError, match=r"data\.pkl"):
        read_torch_file(other)
    text = tmp_path / "text.pth"
    text.write_text("hello")
    with pytest.raises(WeightsError, match="not a file that torch"):
        read_torch_file(text)


def test_big_endian_files_are_refused(tmp_path):
    pickled = b"\x80\x02" + _encode({"w": _tensor(0, (6,), (1,))}) + b"."
    path = _write_raw(tmp_path / "a.pth", pickled, bytes(24), byteorder=b"big")
    with pytest.raises(WeightsError, match="endian"):
        read_torch_file(path)


def test_a_bare_pickle_runs_nothing(tmp_path):
    path = tmp_path / "a.pth"
    buffer = io.BytesIO()
    pickle.Pickler(buffer, protocol=2).dump(pytest.raises)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(WeightsError, match="asks for"):
        read_torch_file(path)
