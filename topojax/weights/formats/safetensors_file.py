"""State dicts in and out of safetensors files, read by the package of that name.

Its own readers for numpy know none of ml_dtypes' types, so that the bytes are given their type
here. Its writer wants the bytes of all arrays at once, twice; here one array is written after the
other.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from topojax.errors import WeightsError, shown

_DTYPES = {
    "BOOL": "bool",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    "C64": "complex64",
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name; bfloat16 and float8 have ml_dtypes' types.

    Raises:
        WeightsError: the file is missing or damaged, holds a type that numpy has not, or the
            package is absent.
    """
    package = require_safetensors(path)
    try:
        entries = package.deserialize(path.read_bytes())
    except (OSError, package.SafetensorError) as error:
        raise WeightsError(
            f"weight file {path} is not readable safetensors: {shown(str(error), 400)}"
        ) from error
    except MemoryError:
        raise WeightsError(
            f"weight file {path} does not fit into memory; use a larger machine"
        ) from None
    return {name: _array(path, name, entry) for name, entry in entries}


def write_safetensors(file: BinaryIO, path: Path, state_dict: Mapping[str, np.ndarray]) -> None:
    """Write arrays, as `plain_array` makes them, to a file.

    Args:
        file: open for writing.
        path: its name, for messages.
        state_dict: arrays by name.

    Raises:
        WeightsError: safetensors has no name for a type.
    """
    # Larger numbers first keeps all of them aligned, as readers may ask for.
    ordered = sorted(state_dict.items(), key=lambda i: (-_plain_dtype(i[1].dtype).itemsize, i[0]))
    header, start = {}, 0
    for name, array in ordered:
        dtype = _plain_dtype(array.dtype)
        if dtype.name not in _NAMES:
            raise WeightsError(
                f"{path} cannot hold {shown(name)} of type {dtype.name}: safetensors has no such "
                "type; write .npz"
            )
        end = start + array.size * dtype.itemsize
        entry = {"dtype": _NAMES[dtype.name], "shape": array.shape, "data_offsets": (start, end)}
        header[name], start = entry, end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for _, array in ordered:
        plain = plain_array(array)
        file.write(plain.astype(plain.dtype.newbyteorder("<"), copy=False).tobytes())


def plain_array(array: np.ndarray) -> np.ndarray:
    """Return an array in C order, of a type that numpy alone knows and that holds its values."""
    plain = array.astype(_plain_dtype(array.dtype), copy=False)
    return np.ascontiguousarray(plain).reshape(array.shape)


def _plain_dtype(dtype: np.dtype) -> np.dtype:
    # 2: a type that a package has added to numpy's.
    if dtype.isbuiltin != 2:
        return dtype
    return np.dtype(np.complex64 if dtype.name.endswith("complex32") else np.float32)


def require_safetensors(path: Path) -> Any:
    """Return the package, or raise WeightsError."""
    try:
        return import_module("safetensors")
    except ImportError:
        raise WeightsError(
            f"weight file {path} needs the package safetensors; pip install safetensors"
        ) from None


def _array(path: Path, name: str, entry: Mapping[str, Any]) -> np.ndarray:
    found = _DTYPES.get(entry["dtype"])
    if found is None:
        raise WeightsError(
            f"weight file {path}: {shown(name)} is of type {entry['dtype']}, which numpy has not"
        )
    dtype = np.dtype(getattr(ml_dtypes, found, found))
    try:
        return np.frombuffer(entry["data"], dtype).reshape(entry["shape"])
    except (ValueError, OverflowError) as error:
        raise WeightsError(
            f"weight file {path}: {shown(name)} has a shape that no array can have ({error})"
        ) from error
