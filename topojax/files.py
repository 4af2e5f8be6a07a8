"""Atomic writing of files, and what is said where one cannot be written."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from topojax.errors import RunError

_PART = ".part"
# Bytes of a name in the name of its part: both have to fit where names end at 255.
_NAME_BYTES = 200
# A full disk, a full quota, and a limit on the size of files.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoSpaceError(RunError):
    """A file for which there is no space; what was there before is whole."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file such that a reader sees the old one or the whole new one, never a part.

    Raises:
        NoSpaceError: there is no space for it.
        RunError: the folder is missing or cannot be written.
    """
    with open_atomically(path) as file:
        file.write(content)


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its place when the block ends, and not if it raises.

    Raises:
        NoSpaceError: there is no space for it.
        RunError: the folder is missing or cannot be written.
    """
    temporary = None
    try:
        name = os.fsencode(path.name)[:_NAME_BYTES].decode(errors="ignore")
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.", suffix=_PART)
        temporary = Path(part)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files of mode 0600; the umask decides for any other file of the user.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_space(path: Path, n_bytes: int) -> None:
    """Raise NoSpaceError unless so many bytes can be written beside `path`, by taking them once.

    A quota, which free space does not tell of, is found, too.
    """
    try:
        with tempfile.NamedTemporaryFile(
            dir=nearest_folder(path.parent), prefix=".space.", suffix=_PART
        ) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, max(n_bytes, 1))
            elif shutil.disk_usage(file.name).free < n_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EOPNOTSUPP):
            return  # a file system that cannot say
        raise cannot_write(path, error, n_bytes) from None


def cannot_write(path: Path, error: Exception, n_bytes: int | None = None) -> RunError:
    """Return the error of a file or folder that could not be written, in one line.

    Args:
        path: of the file or folder.
        error: what was raised; text alone tells where it came through other libraries.
        n_bytes: at most so many were to be written, where that is known.
    """
    if not is_no_space(error):
        reason = getattr(error, "strerror", None) or f"{error}".partition("\n")[0]
        return RunError(
            f"{path} cannot be written: {reason or type(error).__name__}; choose another place"
        )
    needed = "" if n_bytes is None else f"it needs up to {megabytes(n_bytes)}, "
    return NoSpaceError(f"{path} cannot be written: no space left; {needed}{free_space(path)}")


def is_no_space(error: BaseException) -> bool:
    """Tell whether an error, or what it was raised from, says that there is no space."""
    if isinstance(error, NoSpaceError):
        return True
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE
    if error.__cause__ is not None:
        return is_no_space(error.__cause__)
    return any(os.strerror(number) in str(error) for number in _NO_SPACE)


def free_space(path: Path) -> str:
    """Return how much space there is where a path lies, for people."""
    place = nearest_folder(path)
    return f"{megabytes(shutil.disk_usage(place).free)} are free in {place}"


def nearest_folder(path: Path) -> Path:
    """Return the path, or the nearest of the folders above it that exists."""
    absolute = path.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.is_dir())


def megabytes(n_bytes: int) -> str:
    """Return a number of bytes for people: `0.4 MB`, `12.0 MB`, `3400 MB`."""
    return f"{n_bytes / 1e6:.{1 if n_bytes < 1e8 else 0}f} MB"


def remove_parts(folder: Path) -> None:
    """Remove what a killed process was writing into a folder by `open_atomically`."""
    for part in folder.glob(f".*{_PART}"):
        part.unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Tell whether anything is at a path, a broken link too.

    Raises:
        RunError: no file system takes the path, such as one that is too long.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        shown = str(path) if len(str(path)) <= 100 else f"{str(path)[:100]}… ({len(str(path))})"
        raise RunError(f"{shown!r} is no path: {reason}; choose another") from None
    return True


def make_folder(path: Path, remedy: str) -> None:
    """Make a folder and those above it, unless it is there.

    Raises:
        RunError: it cannot be made; the remedy is what to do then.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}; {remedy}") from None


def check_new_file(path: Path) -> None:
    """Raise RunError unless a file can be made at `path`, where nothing is yet."""
    if exists(path):
        raise RunError(f"{path} exists and is not overwritten; choose another file")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise RunError(f"{path} cannot be written: no writable folder {path.parent}; make it first")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def file_identity(path: Path) -> str:
    """Return what tells a file, or all files of a folder, from others and from a changed self.

    That is where it is, how many files, their bytes, and when the last one was changed.
    """
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    found = [file.stat() for file in files]
    latest = max((one.st_mtime_ns for one in found), default=0)
    return f"{path.resolve()} {len(found)} {sum(one.st_size for one in found)} {latest}"


@contextmanager
def locked(lock: Path, when_busy: Callable[[], object]) -> Iterator[None]:
    """Hold the lock of a file, which is made unless it is there; its contents are left.

    Where the system has no such locks, as Windows, nothing is held, and two processes should not do
    the same at once.

    Args:
        lock: the file.
        when_busy: called where another process has the lock; it raises, or the lock is waited for.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_busy = False
        except BlockingIOError:
            is_busy = True
        if is_busy:
            when_busy()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
