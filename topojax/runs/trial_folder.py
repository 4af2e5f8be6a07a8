"""Folders in which trials are kept one by one, so that a killed series goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from topojax.errors import RunError
from topojax.files import exists, make_folder
from topojax.runs.lock import LOCK_NAME, check_free, hold, is_locked


@dataclass(frozen=True)
class TrialFolderKind:
    """What such folders have in common.

    Attributes:
        name: for people.
        work: what is done there; see `topojax.runs.lock.is_locked`.
        file_name: of the file that a folder holds once the series has begun.
    """

    name: str
    work: str
    file_name: str

    def check(self, path: Path) -> None:
        """Raise RunError unless a series can be begun or gone on with at `path`."""
        if not exists(path):
            return
        if not path.is_dir():
            raise RunError(f"{path} is a file, where a folder is made; choose another --output")
        check_free(path)
        begun = (path / self.file_name).exists() or is_locked(path, self.work)
        names = (f".{LOCK_NAME}.", f".{self.file_name}.")
        if not begun and not all(entry.name.startswith(names) for entry in path.iterdir()):
            raise RunError(f"{path} exists and is no {self.name}; choose another --output")

    @contextmanager
    def hold(self, path: Path) -> Iterator[Path]:
        """Make the folder, or take it up, and own it while the block runs; give the file's place.

        Raises:
            RunError: it is a file, holds something else, cannot be made, or another process works
                in it.
        """
        self.check(path)
        make_folder(path, "choose another --output")
        with hold(path, self.work):
            yield path / self.file_name
