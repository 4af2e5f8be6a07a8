"""State dicts in and out of files of the formats that weights are passed around in."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from topojax.data.npz import keys_of, read_npz
from topojax.errors import DataError, WeightsError
from topojax.files import open_atomically
from topojax.weights.names import without_wrappers
from topojax.weights.safetensors_file import (
    read_safetensors,
    require_safetensors,
    safetensors_bytes,
)
from topojax.weights.torch_file import read_torch_file


def read_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """Read a state dict from .npz, .safetensors, or a torch file (.pth, .pt or any other name).

    Returns:
        Arrays by the names of the file, without what torch's wrappers put before every name
        (`module.`, `_orig_mod.`); where a torch file nests several state dicts, see
        `read_torch_file`.

    Raises:
        WeightsError: the file is missing, unreadable, or of none of these formats.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"weight file {path} does not exist; check the path")
    if path.suffix == ".npz":
        return without_wrappers(_read_npz(path))
    if path.suffix == ".safetensors":
        return without_wrappers(read_safetensors(path))
    return read_torch_file(path)


def write_state_dict(path: Path, state_dict: Mapping[str, np.ndarray]) -> None:
    """Write a state dict to .npz or .safetensors; the file appears complete or not at all.

    Types that numpy alone does not know become float32 (bfloat16, float8) or complex64, which hold
    every one of their values.

    Raises:
        WeightsError: `check_suffix` says why.
        RunError: the file cannot be written.
    """
    check_suffix(path)
    arrays = {name: _plain(array) for name, array in state_dict.items()}
    with open_atomically(path) as file:
        if path.suffix == ".safetensors":
            file.write(safetensors_bytes(path, arrays))
            return
        # numpy.savez takes names as keyword arguments, of which `file` is its own.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)


def check_suffix(path: Path) -> None:
    """Raise WeightsError unless `write_state_dict` can write a file of this name."""
    if path.suffix not in (".npz", ".safetensors"):
        raise WeightsError(f"{path} is neither .npz nor .safetensors; choose one of them")
    if path.suffix == ".safetensors":
        require_safetensors(path)


def _plain(array: np.ndarray) -> np.ndarray:
    if array.dtype.isbuiltin != 1:
        wide = np.complex64 if array.dtype.name.endswith("complex32") else np.float32
        array = array.astype(wide)
    return np.ascontiguousarray(array).reshape(array.shape)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        return read_npz(path, keys_of(path))
    except DataError as error:
        raise WeightsError(f"weight file {error}") from error
