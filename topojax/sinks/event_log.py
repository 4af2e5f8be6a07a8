"""`log.jsonl` read back: one event a line, in the order in which they were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from topojax.errors import RunError, shown

FILE_NAME = "log.jsonl"


@dataclass(frozen=True)
class Event:
    """One line.

    Attributes:
        line: its number, from 1.
        name: as `started`, `epoch` or `finished`.
        time: seconds since 1970, UTC.
        fields: all other keys.
        log: the file.
    """

    line: int
    name: str
    time: float
    fields: dict[str, Any]
    log: Path

    def real(self, key: str) -> float:
        """Return a number, which may be NaN or infinite; RunError if it is none."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._lacks(key, "a number")
        try:
            return float(value)
        except OverflowError:
            raise self._lacks(key, "a number that is a double") from None

    def count(self, key: str) -> int:
        """Return a whole number from 0; RunError if it is none."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
            raise self._lacks(key, "a whole number from 0")
        return value

    def text(self, key: str) -> str:
        """Return a text; RunError if it is none."""
        value = self.fields.get(key)
        if not isinstance(value, str):
            raise self._lacks(key, "a text")
        return value

    def _lacks(self, key: str, expected: str) -> RunError:
        found = shown(repr(self.fields[key])) if key in self.fields else "absent"
        return damaged(self.log, self.line, f"{key} of {self.name} is {found}, expected {expected}")


@dataclass(frozen=True)
class EventLog:
    """A log as far as its lines are whole.

    Attributes:
        events: one a line.
        is_cut: a line without its end follows, which is being written or which a kill has cut.
    """

    events: tuple[Event, ...]
    is_cut: bool


def read_log(folder: Path) -> EventLog | None:
    """Return the log of a run folder, None where it has none yet.

    Raises:
        RunError: it cannot be read, or a line is no event; the line is named.
    """
    log = folder / FILE_NAME
    try:
        content = log.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{log} cannot be read: {error.strerror}; make it readable") from None
    *lines, rest = content.split(b"\n")
    events = tuple(parse_event(line, number, log) for number, line in enumerate(lines, 1))
    return EventLog(events, is_cut=rest != b"")


def parse_event(line: bytes, number: int, log: Path) -> Event:
    """Return the event of one line.

    Raises:
        RunError: the line is no JSON object with the keys `time`, ISO 8601 with its zone, and
            `event`.
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise damaged(log, number, f"{shown(repr(line)[2:-1])!r} is no JSON") from None
    if not isinstance(values, dict):
        raise damaged(log, number, "it is not a JSON object")
    name, written = values.pop("event", None), values.pop("time", None)
    if not isinstance(name, str):
        raise damaged(log, number, "it lacks the name of its event")
    return Event(number, name, _seconds(written, log, number), values, log)


def damaged(log: Path, line: int, reason: str) -> RunError:
    """Return the error of a line that cannot be used."""
    return RunError(
        f"{log}, line {line}: {reason}; nothing is sent from there on; mend or remove that line"
    )


def _seconds(written: Any, log: Path, line: int) -> float:
    try:
        time = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        raise damaged(log, line, f"time={shown(repr(written))} is no time of ISO 8601") from None
    if time.tzinfo is None:
        raise damaged(log, line, f"time={written} lacks its zone")
    return time.timestamp()
