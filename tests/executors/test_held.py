"""Data that each process reads for itself."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import pytest

from topojax.errors import DataError
from topojax.executors import Held


def _read(file: Path, log: list[str]) -> str:
    log.append(file.name)
    return file.read_text()


def test_data_are_read_once_until_others_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    log: list[str] = []
    a, b = (
        Held.of(text, str.upper, partial(_read, tmp_path / name, log))
        for name, text in (("a", "one"), ("b", "two"))
    )
    assert [a(), a(), b(), b(), a()] == ["one", "one", "two", "two", "one"]
    assert log == ["a", "b", "a"]


def test_other_data_than_the_command_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("changed")
    held = Held.of("was this", str.upper, partial(_read, tmp_path / "a", []))
    with pytest.raises(DataError, match="a worker read data of checksum CHANGED, the command WAS"):
        held()


def test_without_a_way_to_read_them_they_are_sent() -> None:
    assert pickle.loads(pickle.dumps(Held.of("small", str.upper)))() == "small"
