"""State dicts out of a file of any of the formats that weights are passed around in."""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np

from topojax.errors import WeightsError
from topojax.weights.torch_file import read_torch_file


def read_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """Read a state dict from .npz, .safetensors, or a torch file (.pth, .pt or any other name).

    Returns:
        Arrays by the names of the file.

    Raises:
        WeightsError: the file is missing, unreadable, or of none of these formats.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"weight file {path} does not exist; check the path")
    if path.suffix == ".npz":
        return _read_npz(path)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return read_torch_file(path)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"weight file {path} is not a readable npz of plain arrays: {error}"
        ) from error


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        safetensors = import_module("safetensors")
        load_file = import_module("safetensors.numpy").load_file
    except ImportError:
        raise WeightsError(
            f"weight file {path} needs the package safetensors; pip install safetensors"
        ) from None
    try:
        return load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise WeightsError(f"weight file {path} is not readable safetensors: {error}") from error
