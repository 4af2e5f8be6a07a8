"""Arrays from npz and npy files: no code is run, and errors say what is wrong.

What a header declares is compared with the file's size and with the memory before any of it is
read: a few bytes can declare any size.
"""

from __future__ import annotations

import os
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from topojax.data.memory import refuse_beyond_memory, within_memory
from topojax.data.npz.npy_header import NPY_START, Declared, check_member_size, read_npy_header
from topojax.errors import DataError, shown

_ZIP, _NPY = b"PK", b"\x93NUMPY"
# What numpy and zipfile let through of a damaged file. RuntimeError: encrypted members, and by
# NotImplementedError unknown compression; OverflowError: an axis of many digits beside one of 0;
# the last three: a header that is not a Python literal.
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
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
        held = set(archive.files)
        missing = [key for key in wanted if key not in held]
        if missing:
            names = _one_line(", ".join(archive.files)) or "nothing"
            raise DataError(f"{path} lacks {', '.join(missing)}; it holds {names}")
        declared = {key: _declared(path, archive, key) for key in wanted}
        refuse_beyond_memory(str(path), sum(one.needed for one in declared.values()))
        return {key: _array(path, archive, key) for key in wanted}


def keys_of(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in an npz file.

    Raises:
        DataError: the file is missing, is no npz, or is damaged.
    """
    with _open_npz(path) as archive:
        return tuple(archive.files)


def unpacked_bytes(path: Path) -> int:
    """Return how many bytes an npz file says that its members have, compressed or not.

    Raises:
        DataError: the file is missing, is no npz, or is damaged.
    """
    with _open_npz(path) as archive:
        return sum(member.file_size for member in _zip_of(archive).infolist())


def read_npy(path: Path) -> np.ndarray:
    """Return the array of an npy file.

    Raises:
        DataError: the file is missing, is no npy or is damaged, holds pickled objects, or asks for
            more memory than there is.
    """
    with _open(path) as file, within_memory(str(path)):
        try:
            declared = read_npy_header(file.read(NPY_START), file)
            refuse_beyond_memory(str(path), declared.needed)
            declared.check_held(os.fstat(file.fileno()).st_size)
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)
        except DataError:
            raise
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
            twice = [key for key, count in Counter(archive.files).items() if count > 1]
            if twice:
                raise DataError(
                    f"{path} holds two arrays named {_one_line(twice[0])}; save it anew"
                )
            yield archive


def _array(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
    with _member(path, archive, key) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _declared(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> Declared:
    """Return what the header of an array of the archive declares, if its bytes can hold that."""
    what, info = f"{path}: {_one_line(key)}", _info(archive, key)
    with _member(path, archive, key) as file:
        start = file.read(NPY_START)
        if not start.startswith(_NPY):
            raise DataError(f"{what} is not an array; save it with numpy.savez")
        declared = read_npy_header(start, file)
        # What is too large for any memory is said to be that, whether or not it is there.
        refuse_beyond_memory(what, declared.needed)
        check_member_size(info)
        declared.check_held(info.file_size)
    return declared


@contextmanager
def _member(path: Path, archive: np.lib.npyio.NpzFile, key: str) -> Iterator[IO[bytes]]:
    """Open an array of the archive; what goes wrong inside is said of it."""
    what = f"{path}: {_one_line(key)}"
    try:
        with within_memory(what), _zip_of(archive).open(_info(archive, key)) as file:
            yield file
    except DataError:
        raise
    except _DAMAGE as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{what} holds pickled objects, which could run code; save plain arrays"
            ) from None
        raise DataError(f"{what} is damaged ({_one_line(error)}); get it again") from None


def _info(archive: np.lib.npyio.NpzFile, key: str) -> zipfile.ZipInfo:
    # By the member's whole name: numpy would take the member a.npy, which is a, for the key a.npy.
    held = _zip_of(archive)
    return held.NameToInfo.get(f"{key}.npy") or held.NameToInfo[key]


def _zip_of(archive: np.lib.npyio.NpzFile) -> zipfile.ZipFile:
    # None once it is closed.
    return cast(zipfile.ZipFile, archive.zip)


def _one_line(text: object) -> str:
    return shown(" ".join(str(text).split()), longest=400)
