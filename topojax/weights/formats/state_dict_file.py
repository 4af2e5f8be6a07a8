"""State dicts in and out of files of the formats that weights are passed around in."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from topojax.data.npz import keys_of, read_npz, unpacked_bytes
from topojax.errors import DataError, WeightsError, shown
from topojax.files import open_atomically
from topojax.weights.expansion import check_expansion
from topojax.weights.formats.safetensors_file import (
    plain_array,
    read_safetensors,
    require_safetensors,
    write_safetensors,
)
from topojax.weights.formats.torch_file import read_torch_file
from topojax.weights.names import without_wrappers

# A zip keeps the length of a name in two bytes, of up to four a character.
_LONGEST_NAME = 10_000


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
    # os.path, unlike pathlib, answers False for a name that the system finds too long.
    if not os.path.isfile(path):
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
    for name in state_dict:
        if not name.isprintable() or len(name) > _LONGEST_NAME:
            raise WeightsError(f"{path} cannot hold the name {shown(name)}; give a printable one")
    with open_atomically(path) as file:
        if path.suffix == ".safetensors":
            write_safetensors(file, path, state_dict)
            return
        # numpy.savez takes names as keyword arguments, of which `file` is its own, and all arrays
        # at once: views of one storage, converted, may be many times the memory of it.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, array in state_dict.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, plain_array(array), allow_pickle=False)


def check_suffix(path: Path) -> None:
    """Raise WeightsError unless `write_state_dict` can write a file of this name."""
    if path.suffix not in (".npz", ".safetensors"):
        raise WeightsError(f"{path} is neither .npz nor .safetensors; choose one of them")
    if path.suffix == ".safetensors":
        require_safetensors(path)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        n_bytes, keys = unpacked_bytes(path), keys_of(path)
        check_expansion(n_bytes, path.stat().st_size, "its arrays are compressed")
        arrays = read_npz(path, keys)
    except DataError as error:
        raise WeightsError(f"weight file {error}") from error
    except WeightsError as error:
        raise WeightsError(f"weight file {path} was refused: {error}") from error
    for name, array in arrays.items():
        if array.dtype.kind not in "biufc":
            raise WeightsError(
                f"weight file {path}: {shown(name)} is of type {array.dtype.str}, which is no "
                "number that numpy knows; leave it out, or save it as float32"
            )
    return arrays
