"""What `topojax reproduce` is asked for on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from topojax.cli.studies.reproduce import command
from topojax.experiments import reproduce
from topojax.experiments.reproduce import FIGURES, TABLES, Asked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Return what is asked for; nothing is made."""
    seen: list[Asked] = []

    def stub(one: Asked, choices: object, read: object, folder: Path, **_: Any) -> tuple:
        seen.append(one)
        folder.mkdir()
        (folder / "tables.md").write_text("made\n")
        return ()

    monkeypatch.setattr(reproduce, "reproduce", stub)
    return seen


def _call(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, [*words, "-o", str(folder / "out")])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "tables", "figures"),
    [
        (("table3", "figure5", "table3"), (3,), (5,)),
        (("figure6",), (), (6,)),
        (("table2", "all"), TABLES, FIGURES),
    ],
)
def test_tables_and_figures_go_together(
    asked: list[Asked],
    tmp_path: Path,
    words: tuple[str, ...],
    tables: tuple[int, ...],
    figures: tuple[int, ...],
) -> None:
    code, output = _call(tmp_path, *words, "--datasets", "adrenalmnist3d,breastmnist")
    assert code == 0, output
    (one,) = asked
    assert (one.tables, one.figures) == (tables, figures)
    assert one.datasets == ("adrenalmnist3d", "breastmnist")


@pytest.mark.parametrize("word", ["figure2", "table1", "figures"])
def test_what_the_paper_has_not_is_refused(asked: list[Asked], tmp_path: Path, word: str) -> None:
    code, output = _call(tmp_path, word)
    assert code == 2
    assert "figure6" in output
    assert not asked
