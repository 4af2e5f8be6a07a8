"""The items of the checklist, and their table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

from topojax.config import Config
from topojax.report.tables import Table
from topojax.report.writing.claim.answers import ANSWERS, Answer
from topojax.runs import Run

CLAIM_KEY = "tejani2024"
"""Of the reference that the items are numbered by."""

_OPEN = "to be written by the authors"


@dataclass(frozen=True)
class ClaimItem:
    """One item.

    Attributes:
        part: of the manuscript.
        asked: what is to be reported, in our words.
    """

    number: int
    part: str
    asked: str


def read_items() -> tuple[ClaimItem, ...]:
    """Return the items in their order."""
    text = resources.files("topojax.report.writing.claim").joinpath("items.toml").read_text("utf-8")
    return tuple(ClaimItem(**values) for values in tomllib.loads(text)["item"])


def claim_table(run: Run, config: Config) -> Table:
    """Return every item with what the run knows of it.

    Args:
        run: finished.
        config: its configuration, as this version reads it.
    """
    rows = tuple(
        (str(item.number), f"{item.part}: {item.asked}", _told(item.number, run, config))
        for item in read_items()
    )
    n_known = sum(told != _OPEN for *_, told in rows)
    caption = f"CLAIM 2024: the run knows something of {n_known} of {len(rows)} items"
    return Table(caption, ("Item", "What is asked", "What the run knows"), rows)


def _told(number: int, run: Run, config: Config) -> str:
    answer = ANSWERS[number](run, config) if number in ANSWERS else None
    return _OPEN if answer is None else _text(answer)


def _text(answer: Answer) -> str:
    rest = "" if answer.is_whole else f" The rest is {_OPEN}."
    return answer.text + rest
