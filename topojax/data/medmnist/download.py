"""Download of a data file with its checksum; nothing is left behind where it fails."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from topojax.download import UnreachableError, append_download
from topojax.errors import DataError


def download(url: str, target: Path, md5: str, *, progress: bool = True) -> Path:
    """Download `url` to `target`, check it, and return `target`.

    Args:
        url: address of the file.
        target: where it comes to lie; appears complete or not at all.
        md5: expected checksum, in hex.
        progress: show a bar on a terminal.

    Raises:
        DataError: the address cannot be reached or breaks off, the folder cannot be written, or
            the checksum differs.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # In a folder of its own, the file has the mode that the umask gives to any other file.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
            temporary = Path(folder) / target.name
            with temporary.open("wb") as file:
                append_download(url, file, target.name, progress=progress)
            got = file_md5(temporary)
            if got != md5:
                raise DataError(
                    f"{url} gave a file of MD5 {got}, expected {md5}; try again later, or get the "
                    f"file elsewhere and put it into {target.parent}"
                )
            temporary.replace(target)
    except UnreachableError as error:
        raise DataError(
            f"{target.name} is not on this machine and {url} cannot be reached ({error}); "
            f"download it on another machine and put it into {target.parent}"
        ) from None
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror}; give another --data-root"
        ) from None
    return target


def file_md5(path: Path) -> str:
    """Return the MD5 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _md5() -> Any:
    # A checksum against damage, not a signature.
    return hashlib.md5(usedforsecurity=False)
