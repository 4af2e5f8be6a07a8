"""The record of a half-made array on disk: what it depends on, and a checksum a batch.

A line is written after the batch that it speaks of, and counts only if the rows on disk have its
checksum. So nothing has to reach the disk in any order: whatever a kill or a power failure leaves
half-written does not match, and is made again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topojax.files import write_atomically

_FORMAT = 1


@dataclass(frozen=True)
class BatchRecord:
    """A batch that has been written: its number of rows, and the checksum of each array's."""

    n_rows: int
    checksums: tuple[int, ...]


@dataclass(frozen=True)
class Journal:
    """A file of JSON lines: a digest, then a `BatchRecord` a line.

    Attributes:
        path: of the file.
        digest: of all that the arrays depend on.
    """

    path: Path
    digest: str

    def read(self) -> tuple[BatchRecord, ...]:
        """Return the records in order; none where the file is absent or of another digest."""
        try:
            first, *lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        if _parsed(first) != self._head:
            return ()
        records = []
        for line in lines:
            entry = _parsed(line)
            if not (isinstance(entry, dict) and entry.keys() == {"n_rows", "checksums"}):
                break  # the end, or a line that a kill cut short
            records.append(BatchRecord(entry["n_rows"], tuple(entry["checksums"])))
        return tuple(records)

    def write(self, records: tuple[BatchRecord, ...]) -> None:
        """Replace the file by these records."""
        entries = [self._head, *map(_entry, records)]
        write_atomically(self.path, b"".join(map(_line, entries)))

    def append(self, record: BatchRecord) -> None:
        """Add one record."""
        with self.path.open("ab") as file:
            file.write(_line(_entry(record)))

    @property
    def _head(self) -> dict[str, Any]:
        return {"format": _FORMAT, "digest": self.digest}


def _entry(record: BatchRecord) -> dict[str, Any]:
    return {"n_rows": record.n_rows, "checksums": list(record.checksums)}


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
