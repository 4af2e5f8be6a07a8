"""Torch files, written by Python's own pickle with stand-ins for torch's names."""

from __future__ import annotations

import collections
import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest

_STORAGE = {"float32": "FloatStorage", "float16": "HalfStorage", "int64": "LongStorage"}
_MAGIC = 0x1950A86A20F9469CFC6C


@dataclass
class _Tensor:
    key: str
    array: np.ndarray


@dataclass(frozen=True)
class _Storage:
    tensor: Any


def _fake_torch() -> dict[str, ModuleType]:
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for name in _STORAGE.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*_: Any) -> None:
        raise AssertionError("a reader ran what a file names")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


class _Pickler(pickle.Pickler):
    """What `torch.save` makes of a state dict."""

    def __init__(self, file: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(file, protocol=2)
        self.view = (None,) if legacy else ()

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, _Storage):
            return None
        tensor = obj.tensor
        kind = getattr(sys.modules["torch"], _STORAGE[tensor.array.dtype.name])
        return ("storage", kind, tensor.key, "cpu", tensor.array.size, *self.view)

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, _Tensor):
            return NotImplemented
        array = obj.array
        steps = tuple(step // array.itemsize for step in array.strides)
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        hooks = collections.OrderedDict()
        return rebuild, (_Storage(obj), 0, array.shape, steps, False, hooks)


def _pickled(found: Any, *, legacy: bool) -> bytes:
    with mock.patch.dict(sys.modules, _fake_torch()):
        buffer = io.BytesIO()
        _Pickler(buffer, legacy=legacy).dump(found)
    return buffer.getvalue()


def _write(path: Path, arrays: dict[str, np.ndarray], *, legacy: bool = False) -> Path:
    tensors = collections.OrderedDict(
        (name, _Tensor(str(key), np.ascontiguousarray(array)))
        for key, (name, array) in enumerate(arrays.items())
    )
    content = _pickled(tensors, legacy=legacy)
    if legacy:
        header = (_MAGIC, 1001, {"little_endian": True, "protocol_version": 1001})
        keys = pickle.dumps([tensor.key for tensor in tensors.values()], protocol=2)
        storages = [struct.pack("<q", t.array.size) + t.array.tobytes() for t in tensors.values()]
        parts = [pickle.dumps(part, protocol=2) for part in header]
        path.write_bytes(b"".join([*parts, content, keys, *storages]))
        return path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/byteorder", "little")
        for tensor in tensors.values():
            archive.writestr(f"archive/data/{tensor.key}", tensor.array.tobytes())
    return path


@pytest.fixture(scope="session")
def write_torch_file() -> Callable[..., Path]:
    """Return a function (path, arrays, legacy=False) that writes them as `torch.save` does.

    float32, float16 and int64 arrays.
    """
    return _write
