"""What prepared images depend on, as one digest: the files, the settings, the version."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

# Of what the files of the cache hold.
_FORMAT = 1


def images_digest(paths: Sequence[Path], settings: dict[str, Any]) -> str:
    """Return a digest that changes with any file, its order among others, and any setting.

    Files are told apart by place, size and time of their last change, as `make` does it: reading
    them all is what a cache is to spare.
    """
    digest = hashlib.sha256()
    head = {"format": _FORMAT, "topojax": metadata.version("topojax"), "settings": settings}
    digest.update(json.dumps(head, sort_keys=True).encode())
    for path in paths:
        for file in _files(path):
            digest.update(os.fsencode(os.path.realpath(file)))
            digest.update(_status(file))
    return digest.hexdigest()


def _status(file: Path) -> bytes:
    try:
        status = file.stat()
    except OSError:
        return b"\0\n"  # whoever reads it says what is wrong with it
    return f"\0{status.st_size}\0{status.st_mtime_ns}\n".encode()


def _files(path: Path) -> Iterator[Path]:
    """Yield the path, or all files below a folder, such as a DICOM series."""
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    else:
        yield path
