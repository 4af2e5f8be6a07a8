"""What of a run is sent elsewhere, as plain records that no library has a part in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Axis: TypeAlias = Literal["epoch", "generation", "ending"]


@dataclass(frozen=True)
class Scalar:
    """One value of a series, or of the run as a whole.

    Attributes:
        name: parts separated by slashes, as `backbone/network_0/val_auc`.
        axis: what steps count; None for a value of the whole run.
        step: from 0; 0 for a value of the whole run.
        value: NaN and infinite where the run has it so.
        time: seconds since 1970, UTC.
    """

    name: str
    axis: Axis | None
    step: int
    value: float
    time: float


@dataclass(frozen=True)
class Parameter:
    """One entry of the configuration, by its dotted key; lists are JSON."""

    name: str
    value: str | int | float | bool | None


@dataclass(frozen=True)
class Note:
    """Sentences for people, one a line, as Markdown; time in seconds since 1970, UTC."""

    name: str
    text: str
    time: float


@dataclass(frozen=True)
class File:
    """A file of the run folder."""

    path: Path


Record: TypeAlias = Scalar | Parameter | Note | File


@dataclass(frozen=True)
class Entry:
    """What is known from one line of the log.

    Attributes:
        line: its number, from 1; 0 for what is known before, the last one's plus 1 for what is
            known from the files of a finished run.
    """

    line: int
    records: tuple[Record, ...]
