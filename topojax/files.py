"""Atomic writing of files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from topojax.errors import RunError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file such that a reader sees the old one or the whole new one, never a part.

    Raises:
        RunError: the folder is missing or cannot be written.
    """
    with open_atomically(path) as file:
        file.write(content)


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its place when the block ends, and not if it raises.

    Raises:
        RunError: the folder is missing or cannot be written.
    """
    temporary = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files of mode 0600; the umask decides for any other file of the user.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror}; choose another place"
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_new_file(path: Path) -> None:
    """Raise RunError unless a file can be made at `path`, where nothing is yet."""
    if path.exists():
        raise RunError(f"{path} exists and is not overwritten; choose another file")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise RunError(f"{path} cannot be written: no writable folder {path.parent}; make it first")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
