"""State dicts in and out of safetensors files, by the package of that name.

Its own readers for numpy know none of ml_dtypes' types, so that the bytes are given their type
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from topojax.errors import WeightsError

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
        raise WeightsError(f"weight file {path} is not readable safetensors: {error}") from error
    return {name: _array(path, name, entry) for name, entry in entries}


def safetensors_bytes(path: Path, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the contents of a file with these arrays, of types that numpy knows.

    Raises:
        WeightsError: the package is absent, or it has no name for a type.
    """
    require_safetensors(path)
    try:
        return import_module("safetensors.numpy").save(dict(arrays))
    except (KeyError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{path} cannot hold an array: safetensors has no such type ({error}); write .npz"
        ) from error


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
            f"weight file {path}: {name} is of type {entry['dtype']}, which numpy has not"
        )
    dtype = np.dtype(getattr(ml_dtypes, found, found))
    return np.frombuffer(entry["data"], dtype).reshape(entry["shape"])
