"""Arrays from npz and npy files: no code is run, and errors say what is wrong."""

from __future__ import annotations

import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from topojax.errors import DataError

_ZIP, _NPY = b"PK", b"\x93NUMPY"
# What numpy and zipfile let through of a damaged file. RuntimeError: encrypted members, and by
# NotImplementedError unknown compression; the last three: a header that is not a Python literal.
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    SyntaxError,
    TypeError,
)


def read_npz(path: Path, keys: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file by name.

    Raises:
        DataError: the file is missing, is no npz or is damaged, lacks a key, holds pickled
            objects, or asks for more memory than there is.
    """
    wanted = list(keys)
    with _open_npz(path) as archive:
        missing = [key for key in wanted if key not in archive.files]
        if missing:
            held = _one_line(", ".join(archive.files)) or "nothing"
            raise DataError(f"{path} lacks {', '.join(missing)}; it holds {held}")
        return {key: _array(path, archive, key) for key in wanted}


def keys_of(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in an npz file.

    Raises:
        DataError: the file is missing, is no npz, or is damaged.
    """
    with _open_npz(path) as archive:
        return tuple(archive.files)


def read_npy(path: Path) -> np.ndarray:
    """Return the array of an npy file.

    Raises:
        DataError: the file is missing, is no npy or is damaged, holds pickled objects, or asks for
            more memory than there is.
    """
    with _open(path) as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False)
        except MemoryError as error:
            raise _too_large(str(path), error) from None
        except _DAMAGE as error:
            raise DataError(f"{path} cannot be read as npy: {_one_line(error)}") from None


def check_file(path: Path) -> None:
    """Raise DataError unless `path` is a file."""
    # os.path, unlike pathlib, answers False for a name that the system finds too long.
    if not os.path.exists(path):
        raise DataError(f"{path} does not exist; check the path")
    if not path.is_file():
        raise DataError(f"{path} is not a file; give an npz file")


def _open(path: Path) -> IO[bytes]:
    check_file(path)
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check its permissions") from None


@contextmanager
def _open_npz(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    # Opened here, because numpy leaves the file open where it is no archive; the magic is looked
    # at first, because numpy takes anything else for a pickle and advises to allow it.
    with _open(path) as file:
        magic = file.read(len(_NPY))
        if magic == _NPY:
            raise DataError(
                f"{path} is not an npz file but a single array; save it with numpy.savez"
            )
        if not magic.startswith(_ZIP):
            raise DataError(f"{path} is not an npz file; save arrays with numpy.savez")
        file.seek(0)
        try:
            archive = np.load(file, allow_pickle=False)
        except _DAMAGE as error:
            raise DataError(
                f"{path} is not an npz file, or is cut short ({_one_line(error)}); get it again"
            ) from None
        with archive:
            yield archive


def _array(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
    try:
        array = archive[key]
    except MemoryError as error:
        raise _too_large(f"{path}: {key}", error) from None
    except _DAMAGE as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: {key} holds pickled objects, which could run code; save plain arrays"
            ) from None
        raise DataError(f"{path}: {key} is damaged ({_one_line(error)}); get it again") from None
    # numpy hands out a member that is no array as bytes.
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: {key} is not an array; save it with numpy.savez")
    return array


def _too_large(what: str, error: MemoryError) -> DataError:
    return DataError(
        f"{what} does not fit into memory ({_one_line(error)}); it is damaged, or needs a larger "
        "machine"
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
