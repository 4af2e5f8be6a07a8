"""Arrays from npz and npy files: no code is run, and errors say what is wrong."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from topojax.errors import DataError


def read_npz(path: Path, keys: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file by name.

    Raises:
        DataError: the file is missing, is no npz or is damaged, lacks a key, or holds pickled
            objects.
    """
    wanted = list(keys)
    with _open(path) as archive:
        missing = [key for key in wanted if key not in archive.files]
        if missing:
            held = ", ".join(archive.files) or "nothing"
            raise DataError(f"{path} lacks {', '.join(missing)}; it holds {held}")
        return {key: _array(path, archive, key) for key in wanted}


def keys_of(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in an npz file.

    Raises:
        DataError: the file is missing, is no npz, or is damaged.
    """
    with _open(path) as archive:
        return tuple(archive.files)


def read_npy(path: Path) -> np.ndarray:
    """Return the array of an npy file.

    Raises:
        DataError: the file is missing, is no npy or is damaged, or holds pickled objects.
    """
    check_file(path)
    try:
        return np.lib.format.read_array(path.open("rb"), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as npy: {_one_line(error)}") from None


def check_file(path: Path) -> None:
    """Raise DataError unless `path` is a file that can be read."""
    if not path.exists():
        raise DataError(f"{path} does not exist; check the path")
    if not path.is_file():
        raise DataError(f"{path} is not a file; give an npz file")


def _open(path: Path) -> np.lib.npyio.NpzFile:
    check_file(path)
    try:
        archive = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is not an npz file, or is cut short ({_one_line(error)}); get it again"
        ) from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DataError(f"{path} is not an npz file but a single array; save it with numpy.savez")
    return archive


def _array(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
    try:
        return archive[key]
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: {key} holds pickled objects, which could run code; save plain arrays"
            ) from None
        raise DataError(f"{path}: {key} is damaged ({_one_line(error)}); get it again") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise DataError(f"{path}: {key} is damaged ({_one_line(error)}); get it again") from None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
