"""What is wrong with rows of images: all of it is found, the first raised, others logged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from topojax.errors import DataError

_LOGGER = logging.getLogger(__name__)

# On the logger, one line each; the error counts all.
_MOST_LISTED = 20


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row, in one line.

    Attributes:
        number: of the row, as `Row.number`.
        name: of the image; "" where what is said names it.
        said: of it.
    """

    number: int
    name: str
    said: str

    def __str__(self) -> str:
        """Return the line."""
        row = f"row {self.number}: " if self.number else ""
        return row + " ".join(filter(None, (self.name, self.said)))


def refuse(source: str, problems: Sequence[Problem]) -> None:
    """Raise DataError of the first problem, unless there is none; the others are logged.

    Args:
        source: of the rows, for the message.
        problems: in order.
    """
    if not problems:
        return
    first, *others = problems
    for problem in others[: _MOST_LISTED - 1]:
        _LOGGER.error("%s", _of(source, problem))
    more = f" (and {len(others)} more row{'s' * (len(others) > 1)})" if others else ""
    raise DataError(f"{_of(source, first)}{more}")


def _of(source: str, problem: Problem) -> str:
    # A pattern or folder names nothing that its files do not.
    return f"{source}, {problem}" if problem.number else str(problem)
