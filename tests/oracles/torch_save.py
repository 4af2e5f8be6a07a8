"""`torch.save` without torch: both of its formats, written by Python's own pickle with stand-ins.

As in torch, arrays that share memory share one storage, of which each is a view by offset and
strides.
"""

from __future__ import annotations

import collections
import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

_STORAGE = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
    "bool": "BoolStorage",
}
_REBUILDERS = ("_rebuild_tensor_v2", "_rebuild_parameter")
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


@dataclass(frozen=True)
class Parameter:
    """An array that is saved as a `torch.nn.Parameter`, a tensor in a wrapper."""

    array: np.ndarray


@dataclass(frozen=True)
class _Storage:
    key: str
    values: np.ndarray


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    array: np.ndarray

    @property
    def offset(self) -> int:
        if not self.array.size:
            return 0
        return (_address(self.array) - _address(self.storage.values)) // self.array.itemsize


@dataclass(frozen=True)
class _Wrapped:
    tensor: _Tensor


def save_torch_file(path: Path, content: Any, *, legacy: bool = False) -> Path:
    """Write the content as `torch.save` writes it, and return the path.

    Args:
        content: dicts of arrays of the dtypes above, `Parameter`s, and whatever else pickles.
        legacy: the stream of pickles of torch before 1.6, not the zip archive.
    """
    storages: dict[int, _Storage] = {}
    pickled = _pickled(_with_tensors(content, storages), legacy=legacy)
    write = _write_legacy if legacy else _write_zip
    write(path, pickled, list(storages.values()))
    return path


def _write_zip(path: Path, pickled: bytes, storages: list[_Storage]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.values.tobytes("A"))
        archive.writestr("archive/version", "3\n")


def _write_legacy(path: Path, pickled: bytes, storages: list[_Storage]) -> None:
    system = {"little_endian": True, "protocol_version": _PROTOCOL}
    header = [pickle.dumps(part, protocol=2) for part in (_MAGIC, _PROTOCOL, system)]
    keys = pickle.dumps([storage.key for storage in storages], protocol=2)
    blocks = [struct.pack("<q", s.values.size) + s.values.tobytes("A") for s in storages]
    path.write_bytes(b"".join([*header, pickled, keys, *blocks]))


def _with_tensors(content: Any, storages: dict[int, _Storage]) -> Any:
    """Put tensors where arrays are, and the storages that they view into `storages`."""
    if isinstance(content, np.ndarray):
        owner = _owner(content)
        storage = storages.setdefault(id(owner), _Storage(str(len(storages)), owner))
        return _Tensor(storage, content)
    if isinstance(content, Parameter):
        return _Wrapped(_with_tensors(content.array, storages))
    if isinstance(content, Mapping):
        copy: Any = collections.OrderedDict()
        for name, value in content.items():
            copy[name] = _with_tensors(value, storages)
        # What `Module.state_dict` hangs on its result.
        copy._metadata = collections.OrderedDict({"": {"version": 1}})
        return copy
    return content


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def _stand_ins() -> dict[str, ModuleType]:
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for name in _STORAGE.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def stand_in(name: str) -> Any:
        def rebuild(*_: Any) -> None:
            raise AssertionError("a reader ran what a file names")

        rebuild.__module__, rebuild.__qualname__ = "torch._utils", name
        return rebuild

    for name in _REBUILDERS:
        setattr(utils, name, stand_in(name))
    vars(torch)["_utils"] = utils
    return {"torch": torch, "torch._utils": utils}


class _Pickler(pickle.Pickler):
    """What `torch.save` makes of a state dict."""

    def __init__(self, file: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(file, protocol=2)
        self.view = (None,) if legacy else ()

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, _Storage):
            return None
        kind = getattr(sys.modules["torch"], _STORAGE[obj.values.dtype.name])
        return ("storage", kind, obj.key, "cpu", obj.values.size, *self.view)

    def reducer_override(self, obj: Any) -> Any:
        utils = sys.modules["torch._utils"]
        hooks: dict[str, Any] = collections.OrderedDict()
        if isinstance(obj, _Wrapped):
            return utils._rebuild_parameter, (obj.tensor, True, hooks)
        if not isinstance(obj, _Tensor):
            return NotImplemented
        array = obj.array
        steps = tuple(step // array.itemsize for step in array.strides)
        arguments = (obj.storage, obj.offset, array.shape, steps, False, hooks)
        return utils._rebuild_tensor_v2, arguments


def _pickled(content: Any, *, legacy: bool) -> bytes:
    with mock.patch.dict(sys.modules, _stand_ins()):
        buffer = io.BytesIO()
        _Pickler(buffer, legacy=legacy).dump(content)
    return buffer.getvalue()
