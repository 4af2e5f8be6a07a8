"""Where prepared images are kept: `prepared/` in the user's cache, one folder a set of images.

A folder holds the rows of the array, the journal of those that are there, and what is known of
each. A killed process leaves rows that the next one goes on after. One process at a time writes
into a folder; others wait for it and find the images there.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from topojax.data.prepared.consistency import ImageFacts
from topojax.errors import RunError
from topojax.files import cannot_write, check_space, locked
from topojax.row_files.journal import BatchRecord, Journal
from topojax.row_files.row_store import ArraySpec, FileRows, checksum
from topojax.user_cache import user_cache

_LOGGER = logging.getLogger(__name__)

_ROWS, _JOURNAL, _FACTS, _LOCK = "images.npy", "rows.jsonl", "facts.jsonl", "lock"


class PreparedFile:
    """Rows of an array of images in a file, and what is known of each.

    Args:
        file: of the rows, open for reading and writing, unbuffered.
        spec: shape and dtype of the whole array.
        folder: of journal and facts; None where nothing is kept for later.
        digest: of all that the images depend on.
    """

    def __init__(self, file: BinaryIO, spec: ArraySpec, folder: Path | None, digest: str) -> None:
        self._rows = FileRows(file, *spec)
        self._journal = None if folder is None else Journal(folder / _JOURNAL, digest)
        self._facts_file = None if folder is None else folder / _FACTS
        self._facts = self._sound_facts()

    @property
    def n_rows(self) -> int:
        """How many images are there."""
        return len(self._facts)

    @property
    def facts(self) -> tuple[ImageFacts, ...]:
        """Of each image that is there."""
        return tuple(self._facts)

    def append(self, image: np.ndarray, facts: ImageFacts) -> None:
        """Take the next image; it survives a kill from here on."""
        self._rows.append(image[None])
        self._facts.append(facts)
        if self._journal is not None and self._facts_file is not None:
            with self._facts_file.open("ab") as file:
                file.write(json.dumps(facts.to_json()).encode() + b"\n")
            self._journal.append(BatchRecord(1, (checksum(image[None]),)))

    def finish(self) -> np.ndarray:
        """Return the array, mapped from its file, all of whose rows are there."""
        return self._rows.finish()

    def _sound_facts(self) -> list[ImageFacts]:
        """Return the facts of the images that are whole, and drop what comes after them."""
        if self._journal is None or self._facts_file is None:
            return []
        records = self._journal.read()
        known = list(_read_facts(self._facts_file)) if records else []
        n = 0
        for record, _ in zip(records, known, strict=False):
            if not self._rows.holds(1, record.checksums[0]):
                break
            n += 1
        self._rows.keep(n)
        self._journal.write(records[:n])
        self._facts_file.write_bytes(
            b"".join(json.dumps(one.to_json()).encode() + b"\n" for one in known[:n])
        )
        return known[:n]


@contextmanager
def open_prepared_file(digest: str | None, spec: ArraySpec) -> Iterator[PreparedFile]:
    """Open the file of a set of images, with the rows that an earlier process has made.

    Where the cache cannot be written, a nameless file takes its place, which is gone with the last
    use of the images; that is said.

    Args:
        digest: of all that the images depend on; None: they are not to be kept.
        spec: shape and dtype of the array.

    Raises:
        RunError: there is no space for the images.
    """
    n_bytes = spec.nbytes
    folder = None if digest is None else _folder(digest)
    place = Path(tempfile.gettempdir()) if folder is None else folder
    try:
        if folder is None or digest is None:
            check_space(place / _ROWS, n_bytes)
            with tempfile.TemporaryFile(buffering=0) as file:
                yield PreparedFile(file, spec, None, "")
            return
        with locked(folder / _LOCK, _say_busy):
            path = folder / _ROWS
            path.touch()
            check_space(path, max(0, n_bytes - path.stat().st_size))
            with path.open("r+b", buffering=0) as file:
                yield PreparedFile(file, spec, folder, digest)
    except OSError as error:
        raise cannot_write(place, error, n_bytes) from None


def cached_sets() -> Iterator[tuple[Path, int]]:
    """Yield the folder of each set of images in the cache, and its bytes."""
    with suppress(RuntimeError):
        for folder in sorted((user_cache() / "prepared").glob("*")):
            yield folder, sum(file.stat().st_size for file in folder.glob("*"))


def clear_cache() -> int:
    """Remove all prepared images from the cache and return their bytes.

    Raises:
        RunError: a folder cannot be removed.
    """
    freed = 0
    for folder, n_bytes in cached_sets():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise RunError(f"{folder} cannot be removed: {error.strerror}") from None
        freed += n_bytes
    return freed


def _folder(digest: str) -> Path | None:
    """Return the folder of a set in the cache, made; None where there can be none."""
    try:
        folder = user_cache() / "prepared" / digest[:32]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _LOCK).touch()
    except (RuntimeError, OSError) as error:
        _LOGGER.warning(
            "prepared images cannot be kept for the next time (%s); TOPOJAX_CACHE names a folder "
            "that can",
            error,
        )
        return None
    return folder


def _say_busy() -> None:
    _LOGGER.info("another process prepares these images; waiting for it")


def _read_facts(path: Path) -> Iterator[ImageFacts]:
    """Yield what is known of each image, up to a line that a kill cut short."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield ImageFacts.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            return
