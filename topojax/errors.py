"""The errors that topojax raises on purpose.

Each message is one line that names the argument, the value got, the value expected and what to
do. The command line prints the message alone and exits with `exit_code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TopojaxError(Exception):
    """Base of every error that topojax raises on purpose."""

    exit_code = 1


class DataError(TopojaxError, ValueError):
    """Images, labels or data files that cannot be used."""

    exit_code = 3


class ConfigError(TopojaxError, ValueError):
    """An unknown preset, layer or key, or a value out of its range."""

    exit_code = 4


class WeightsError(TopojaxError, ValueError):
    """A weight file or checkpoint that does not fit the model, or cannot be read safely."""

    exit_code = 5


class TrainingError(TopojaxError):
    """Training that diverged."""

    exit_code = 7


class RunError(TopojaxError):
    """A run folder that exists, cannot be written, or belongs to another run."""

    exit_code = 6


class LeakError(TopojaxError):
    """Held-out scores that leave chance where there is nothing to learn: a label leaks."""

    exit_code = 8


class BenchError(TopojaxError):
    """Two sides of a benchmark that differ, or one that cannot be had here."""


def shown(text: str, longest: int = 80) -> str:
    """Return text from a file as a message can hold it: in one line, printable, not too long."""
    line = text if text.isprintable() else ascii(text)[1:-1]
    return line if len(line) <= longest else f"{line[:longest]}…"


@contextmanager
def raised_as(error: type[TopojaxError]) -> Iterator[None]:
    """Raise what the kernels refuse, a TypeError or ValueError, as `error` in the same words."""
    try:
        yield
    except (TypeError, ValueError) as refused:
        raise error(str(refused)) from None
