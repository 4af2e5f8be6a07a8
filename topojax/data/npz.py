"""Arrays from npz and npy files: no code is run, and errors say what is wrong.

What a header declares is compared with the file's size and with the memory before any of it is
read: a few bytes can declare any size.
"""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from topojax.data.memory import in_units, memory_limit, within_memory
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
    OverflowError,
)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# What deflate makes of a run of zeros; no archive expands by more.
_MOST_EXPANSION = 1032
_LONGEST_REASON = 300
# Beside each array as it is stored, float32 of it.
_COPY = np.dtype(np.float32).itemsize


def read_npz(path: Path, keys: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file by name.

    Raises:
        DataError: the file is missing, is no npz or is damaged, lacks a key, holds pickled
            objects, or asks for more memory than there is.
    """
    wanted = list(keys)
    with _open_npz(path) as archive:
        held = _keys(archive)
        missing = [key for key in wanted if key not in held]
        if missing:
            known = _one_line(", ".join(held)) or "nothing"
            raise DataError(f"{path} lacks {', '.join(missing)}; it holds {known}")
        _refuse_too_large(str(path), sum(_needed(path, archive, key) for key in wanted))
        return {key: _array(path, archive, key) for key in wanted}


def keys_of(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in an npz file.

    Raises:
        DataError: the file is missing, is no npz, or is damaged.
    """
    with _open_npz(path) as archive:
        return _keys(archive)


def read_npy(path: Path) -> np.ndarray:
    """Return the array of an npy file.

    Raises:
        DataError: the file is missing, is no npy or is damaged, holds pickled objects, or asks for
            more memory than there is.
    """
    with _open(path) as file, within_memory(str(path)):
        try:
            stored, needed = _declared(file)
            _refuse_too_large(str(path), needed)
            _refuse_cut_short(stored, os.fstat(file.fileno()).st_size)
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)
        except _DAMAGE as error:
            if isinstance(error, DataError):
                raise
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
def _open_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    # The magic is looked at first: an archive may also begin in the middle of a file.
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
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise DataError(
                f"{path} is not an npz file, or is cut short ({_one_line(error)}); get it again"
            ) from None
        with archive:
            yield archive


def _array(path: Path, archive: zipfile.ZipFile, key: str) -> np.ndarray:
    with _member(path, archive, key) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _needed(path: Path, archive: zipfile.ZipFile, key: str) -> int:
    """Return the bytes that an array of the archive takes, before it is read."""
    info = archive.getinfo(_member_name(archive, key))
    with _member(path, archive, key) as file:
        if file.read(len(_NPY)) != _NPY:
            raise DataError(f"{path}: {key} is not an array; save it with numpy.savez")
        file.seek(0)
        stored, needed = _declared(file)
        # What is too large for any memory is said to be that, whether or not it is there.
        _refuse_too_large(f"{path}: {key}", needed)
        _refuse_cut_short(stored, info.file_size)
        packed = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: _MOST_EXPANSION}
        most = packed.get(info.compress_type)
        if most is not None:
            _refuse_cut_short(stored, (info.compress_size + 1) * most)
        return needed


@contextmanager
def _member(path: Path, archive: zipfile.ZipFile, key: str) -> Iterator[IO[bytes]]:
    """Open an array of the archive; what goes wrong inside is said of it."""
    try:
        with within_memory(f"{path}: {key}"), archive.open(_member_name(archive, key)) as file:
            yield file
    except DataError:
        raise
    except _DAMAGE as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: {key} holds pickled objects, which could run code; save plain arrays"
            ) from None
        raise DataError(f"{path}: {key} is damaged ({_one_line(error)}); get it again") from None


def _keys(archive: zipfile.ZipFile) -> tuple[str, ...]:
    return tuple(name.removesuffix(".npy") for name in archive.namelist())


def _member_name(archive: zipfile.ZipFile, key: str) -> str:
    return key if key in archive.namelist() else f"{key}.npy"


def _declared(file: IO[bytes]) -> tuple[int, int]:
    """Return by an npy header how long the file is at least, and how many bytes it takes to read.

    Raises:
        ValueError: the header cannot be understood.
    """
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"npy of version {version[0]}.{version[1]} is of records, not of images")
    shape, _, dtype = _HEADERS[version](file)
    if min(shape, default=0) < 0:
        raise ValueError(f"a negative length in its shape {shape}")
    count = math.prod(shape)
    if dtype.hasobject:
        # Pickled, of any length; refused when it is read.
        return file.tell(), 0
    return file.tell() + count * dtype.itemsize, count * (dtype.itemsize + _COPY)


def _refuse_cut_short(stored: int, there: int) -> None:
    if stored > there:
        raise ValueError(f"its header declares {in_units(stored)}, there are {in_units(there)}")


def _refuse_too_large(what: str, needed: int) -> None:
    limit = memory_limit()
    if needed > limit:
        raise DataError(
            f"{what} does not fit into memory (it takes {in_units(needed)}, there are "
            f"{in_units(limit)}); it is damaged, or needs a larger machine"
        )


def _one_line(text: object) -> str:
    # numpy repeats a header that it does not understand, of up to 10 000 characters.
    line = " ".join(str(text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]} …"
