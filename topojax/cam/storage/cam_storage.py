"""Where the CAMs of a data set are kept while they come in, batch by batch.

Maps up to a budget stay in memory. Beyond it they go to files: in a folder, from which a killed run
goes on, or to a nameless one, which is gone with the last use of the maps or the end of the
process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from topojax.errors import RunError
from topojax.row_files.journal import BatchRecord, Journal
from topojax.row_files.row_budget import kept_in_memory
from topojax.row_files.row_store import FileRows, MemoryRows, RowStore, checksum

_MB = 10**6


class CamArrays(NamedTuple):
    """Arrays of n images, or what stands for each: maps, logits and embeddings."""

    maps: Any
    logits: Any
    embeddings: Any


@dataclass(frozen=True)
class CamStorage:
    """Takes batches in order and gives the whole.

    Attributes:
        stores: of each array.
        journal: where finished batches are recorded, or None.
        done: the batches that were there from the start.
    """

    stores: tuple[RowStore, ...]
    journal: Journal | None = None
    done: tuple[BatchRecord, ...] = ()

    @property
    def n_rows_done(self) -> int:
        """Rows that were there from the start."""
        return sum(record.n_rows for record in self.done)

    def append(self, batch: CamArrays) -> None:
        """Take the next rows of every array; with a journal, they survive a kill from here on."""
        for store, rows in zip(self.stores, batch, strict=True):
            store.append(rows)
        if self.journal is not None:
            self.journal.append(BatchRecord(len(batch.logits), tuple(map(checksum, batch))))

    def finish(self) -> CamArrays:
        """Return the arrays, all of whose rows have come."""
        return CamArrays(*(store.finish() for store in self.stores))


@contextmanager
def open_storage(
    expected: CamArrays, folder: Path | None, memory_mb: int, digest: Callable[[], str]
) -> Iterator[CamStorage]:
    """Open what keeps arrays of the expected shapes and dtypes.

    Args:
        expected: an `ArraySpec` of each array.
        folder: where to keep arrays that exceed the budget, or None: in a temporary file.
        memory_mb: megabytes that maps may take in memory.
        digest: of all that the arrays depend on; called only where it is needed. What `folder`
            holds under another digest is replaced.

    Raises:
        RunError: the files cannot be written, such as on a full disk; at any time until closed.
    """
    if kept_in_memory(expected.maps.nbytes, memory_mb):
        yield CamStorage(tuple(MemoryRows(*spec) for spec in expected))
        return
    place = Path(tempfile.gettempdir()) if folder is None else folder
    try:
        if folder is None:
            # It has no name, so that no way of ending the process leaves it behind.
            with tempfile.TemporaryFile(buffering=0) as file:
                others = (MemoryRows(*spec) for spec in expected[1:])
                yield CamStorage((FileRows(file, *expected.maps), *others))
        else:
            with ExitStack() as files:
                yield _resumed(expected, folder, digest(), files)
    except OSError as error:
        raise RunError(
            f"{expected.maps.nbytes / _MB:.0f} MB of maps cannot be kept in {place}: "
            f"{error.strerror}; free the space, choose another folder, or raise "
            f"memory_mb={memory_mb} to keep them in memory"
        ) from error


def _resumed(expected: CamArrays, folder: Path, digest: str, files: ExitStack) -> CamStorage:
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "batches.jsonl", digest)
    records = journal.read()
    stores = []
    for name, spec in expected._asdict().items():
        path = folder / f"{name}.npy"
        if not records:
            # A new file, since maps of the old one may be in use.
            path.unlink(missing_ok=True)
        path.touch()
        stores.append(FileRows(files.enter_context(path.open("r+b", buffering=0)), *spec))
    done = tuple(_sound(stores, records))
    journal.write(done)
    for store in stores:
        store.keep(sum(record.n_rows for record in done))
    return CamStorage(tuple(stores), journal, done)


def _sound(stores: list[FileRows], records: tuple[BatchRecord, ...]) -> Iterator[BatchRecord]:
    for record in records:
        found = zip(stores, record.checksums, strict=True)
        if not all(store.holds(record.n_rows, wanted) for store, wanted in found):
            return
        yield record
