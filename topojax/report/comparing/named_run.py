"""A run that is compared with others, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topojax.runs import Run


@dataclass(frozen=True)
class NamedRun:
    """A run and where it is.

    Attributes:
        title: its number from 1 and its folder's name.
    """

    title: str
    folder: Path
    run: Run
