"""Sentences that cite, and how they become numbered text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        text: without the full stop.
        cites: keys of references, which are named before the full stop.
    """

    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Sentences under one title."""

    title: str
    sentences: tuple[Sentence, ...]


def cited_keys(sections: Iterable[Section]) -> tuple[str, ...]:
    """Return the keys that are cited, in the order of their first citation."""
    keys = (key for one in sections for sentence in one.sentences for key in sentence.cites)
    return tuple(dict.fromkeys(keys))


def section_text(section: Section, keys: Sequence[str]) -> str:
    """Return a section as text, each citation as its key's place from 1: `… [2, 5].`"""
    numbers = {key: place for place, key in enumerate(keys, start=1)}
    return " ".join(_text(sentence, numbers) for sentence in section.sentences)


def _text(sentence: Sentence, numbers: dict[str, int]) -> str:
    if not sentence.cites:
        return f"{sentence.text}."
    cited = ", ".join(str(number) for number in sorted(numbers[key] for key in sentence.cites))
    return f"{sentence.text} [{cited}]."


def listed(items: Sequence[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def counted(n: int, noun: str) -> str:
    """Return `1 volume` or `3 volumes`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
