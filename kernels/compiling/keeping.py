"""Where compiled code is kept: in the user's cache, a folder for each state of the sources.

Not beside the sources, where numba keeps code: pip knows nothing of those files, and would leave
the folder of a package that it has removed, which hides another installation of it. Environments
with the same sources and the same numba share a folder, others never do.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache

_SOURCES = Path(__file__).parents[1]
# Of a disk that is full, and of files that are cut short.
_FAILED = (OSError, EOFError, pickle.UnpicklingError)
# Folders of some 3 MB. Those that were not used for longest go first.
_MOST_FOLDERS = 12


def keep(compiled: Any) -> None:
    """Keep the code of what `njit` returned, if that can be."""
    if code_folder() is None:
        _warn_of_no_folder()
    else:
        compiled._cache = _Kept(compiled.py_func)


def source_digest(folder: Path = _SOURCES) -> int:
    """Return 63 bits of the SHA-256 of the sources in a folder and the folders in it."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).as_posix().encode()
        digest.update(name + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 1


@cache
def _own_digest() -> int:
    return source_digest()


@cache
def code_folder() -> Path | None:
    """Return the folder of this state of the sources, or None where none can be written."""
    # In an archive sources are not seen, and code would be taken for that of other ones.
    if not _SOURCES.is_dir():
        return None
    name = f"topojax-{_own_digest():016x}-numba-{numba.__version__}"
    for root in _roots():
        # A file where a folder would have to be, a disk that is full, no permission.
        with suppress(OSError):
            return _prepared(root / name)
    return None


def _roots() -> Iterator[Path]:
    """Yield folders to keep code in, the best first."""
    if config.CACHE_DIR:  # type: ignore[attr-defined]
        yield Path(config.CACHE_DIR)  # type: ignore[attr-defined]
    # Users of containers often have no home folder.
    with suppress(RuntimeError):
        yield _user_cache() / "kernels"
    if not {"site-packages", "dist-packages"} & set(_SOURCES.parts):
        yield _SOURCES / "__pycache__"


def _user_cache() -> Path:
    # As `topojax.user_cache`, which kernels do without.
    own, users = os.environ.get("TOPOJAX_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(users) if users else Path.home() / ".cache") / "topojax"


def _prepared(folder: Path) -> Path:
    """Return a folder that is there, can be written, and counts as used.

    Raises:
        OSError: that cannot be.
    """
    is_new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    os.utime(folder)
    if is_new:
        _remove_oldest(folder.parent)
    return folder


def _remove_oldest(root: Path) -> None:
    """Remove code of sources, and of versions of numba, that were not used for longest."""
    # Another process may be removing the same.
    with suppress(OSError):
        folders = sorted(root.glob(f"topojax-{'[0-9a-f]' * 16}-numba-*"), key=_last_use)
        for folder in folders[:-_MOST_FOLDERS]:
            shutil.rmtree(folder, ignore_errors=True)


def _last_use(folder: Path) -> float:
    return folder.stat().st_mtime


class _Place:
    """What numba asks where to keep the code of a function."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        # Entry points of two files of one name may have one name as well.
        self._entry = f"{Path(file).parent.name}-{function.__code__.co_firstlineno}"

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _Place:
        return cls(function, file)

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)

    def get_cache_path(self) -> str:
        return str(code_folder())

    def get_source_stamp(self) -> str:
        """Return nothing: other sources have another folder."""
        return ""

    def get_disambiguator(self) -> str:
        return self._entry


class _Files(CompileResultCacheImpl):
    def __init__(self, function: Callable[..., Any]) -> None:
        self._locator_classes = [_Place]
        super().__init__(function)


class _Kept(FunctionCache):
    """Code on disk where a disk that is full, or that damaged it, costs a compilation alone."""

    _impl_class = _Files

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        # Numba's own key, where the user has other folders taken, is blind to what is called.
        return *super()._index_key(sig, codegen), _own_digest()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code of a signature, or None."""
        try:
            return super().load_overload(sig, target_context)
        except _FAILED as error:
            _warn_of_failure(self.cache_path, _reason(error))
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled code of a signature, if that can be."""
        try:
            super().save_overload(sig, data)
        except _FAILED as error:
            _warn_of_failure(self.cache_path, _reason(error))


def _reason(error: Exception) -> str:
    # Without the name of the file, of which there is one a function.
    return getattr(error, "strerror", None) or str(error)


@cache
def _warn_of_failure(folder: str, reason: str) -> None:
    """Warn once of each failure, however many functions there are."""
    warnings.warn(
        f"compiled kernels cannot be kept in {folder}: {reason}. Each process compiles anew, for "
        "some 6 s; free the disk, remove what is damaged there, or set NUMBA_CACHE_DIR to another "
        "folder",
        RuntimeWarning,
        stacklevel=2,
    )


@cache
def _warn_of_no_folder() -> None:
    """Warn once a process, however many functions there are."""
    warnings.warn(
        "compiled kernels cannot be kept: the user's cache folder cannot be written, or sources "
        "are in an archive. Each process compiles anew, for some 6 s; set NUMBA_CACHE_DIR to a "
        "folder that can be written, or unpack the archive",
        RuntimeWarning,
        stacklevel=2,
    )
