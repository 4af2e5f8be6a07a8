"""Rows that cannot be true are marked, and what ours started from is said where it differs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from topojax.data import Dataset
from topojax.experiments.paper import check_rows, read_paper_tables
from topojax.experiments.reproduce import Asked, Choices, reproduce
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.notes import MARK
from topojax.experiments.reproduce.planned import PlannedRun, plan_row
from topojax.experiments.reproduce.rendering import ReproducedTable, as_latex, as_markdown
from topojax.experiments.reproduce.tables import reproduced

pytestmark = pytest.mark.usefixtures("stubbed")

PAPER = read_paper_tables()


def _unread(name: str, size: int | None) -> Dataset:
    raise AssertionError("nothing is read here")


def _table(folder: Path, number: int, choices: Choices | None = None) -> ReproducedTable:
    (table,) = reproduce(Asked((number,)), choices or Choices(), _unread, folder)
    return table


@pytest.mark.parametrize("number", [2, 3, 6, 10, 12])
def test_marked_are_the_rows_that_no_matrix_gives(number: int, tmp_path: Path) -> None:
    table = _table(tmp_path, number)
    impossible = {
        (check.row.place.row, check.row.place.dataset)
        for check in check_rows(PAPER)
        if check.row.place.table == number
        and check.verdict is not None
        and check.verdict.outcome == "impossible"
    }
    heads = [head.rpartition(" ") for head in table.columns()]
    marked = {
        (line[0], dataset)
        for line in table.lines()
        for (dataset, *_), text in zip(heads[1:], line[1:], strict=True)
        if MARK in text
    }
    assert marked == impossible
    # AUC is not looked at.
    assert not any(
        MARK in text
        for line in table.lines()
        for (_, _, metric), text in zip(heads[1:], line[1:], strict=True)
        if metric == "AUC"
    )
    reasons = [note for note in table.notes if "no confusion matrix of the" in note]
    assert len(reasons) == len(impossible)
    for label, dataset in impossible:
        assert any(f"row {label}, {dataset}" in note for note in reasons)


def test_every_format_has_the_mark_and_why(tmp_path: Path) -> None:
    _table(tmp_path, 6)
    for name, mark in (("md", MARK), ("html", MARK), ("tex", r"\dag{}")):
        text = (tmp_path / f"tables.{name}").read_text("utf-8")
        assert f"(95.4{mark})" in text, name
        assert "no confusion matrix of the 382 test images" in text, name
    with (tmp_path / "tables.csv").open(encoding="utf-8") as file:
        found = {
            (row["row"], row["metric"]): row["paper_check"]
            for row in csv.DictReader(file)
            if row["dataset"] == "vesselmnist3d"
        }
    assert found["TopoCAM*", "f1"] == "impossible"
    assert found["TopoCAM", "f1"] != "impossible"
    assert {found[row, "auc"] for row in ("TopoCAM*", "TopoCAM")} == {"not checked"}


def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    (note,) = [note for note in _table(tmp_path, 2).notes if "nothing is published" in note]
    assert all(name in note for name in ("harvard-gdp", "brats2019", "brats2021"))
    assert "vesselmnist3d" not in note
    assert any("no accuracy is printed" in note for note in _table(tmp_path, 7).notes)
    assert not any("Not checked" in note for note in _table(tmp_path, 12).notes)


def test_other_starts_than_the_papers_are_said(tmp_path: Path) -> None:
    notes = _table(tmp_path, 2).notes
    (note,) = [note for note in notes if "Ours started" in note]
    assert note.startswith("Ours started from scratch, the paper's from the weights kinetics400")
    assert note.endswith(": R3D-18, MC3-18, R(2+1)D-18, TopoCAM.")
    # The paper's start by the number of axes.
    two = [note for note in _table(tmp_path, 4).notes if "Ours started" in note]
    assert [note.rpartition(" on ")[2] for note in two] == [
        "fracturemnist3d, vesselmnist3d.",
        "breastmnist.",
    ]
    for name in ("md", "html", "tex"):
        assert "the weights imagenet" in (tmp_path / f"tables.{name}").read_text("utf-8")
    same = Choices(weights={"r3d_18": "kinetics400", "resnet18": "imagenet"})
    assert not any("Ours started" in note for note in _table(tmp_path, 4, same).notes)


def test_weights_are_named_without_their_folder(tmp_path: Path) -> None:
    choices = Choices(weights={"m3t": "/of/nobody/else/m3t.pth"})
    notes = _table(tmp_path, 2, choices).notes
    assert "Ours started from the weights m3t.pth, the paper's from scratch: M3T." in notes
    text = "".join(path.read_text("utf-8") for path in tmp_path.glob("tables.*"))
    assert "m3t.pth" in text
    assert "nobody" not in text


def test_a_failure_names_weights_without_their_folder() -> None:
    row = next(row for row in PAPER.rows() if row.model == "m3t")
    planned = plan_row(row, 3, (0,), Choices(weights={"m3t": "/of/nobody/m3t.pth"}))
    assert planned is not None
    run: PlannedRun = planned.runs[0]
    outcome = Outcome(run, None, "/of/nobody/m3t.pth is missing; give another")
    found = reproduced(planned, ("auc",), {run: outcome})
    assert found.why_not == ("seed 0: m3t.pth is missing; give another",)


def test_rows_of_the_same_run_say_so(tmp_path: Path) -> None:
    (note,) = [note for note in _table(tmp_path, 6).notes if "same run" in note]
    assert "TopoCAM* and TopoCAM" in note
    assert "--weights r3d_18=kinetics400" in note
    told_apart = Choices(weights={"r3d_18": "kinetics400"})
    assert not any("same run" in note for note in _table(tmp_path, 6, told_apart).notes)
    # Whatever makes them the same, here a threshold for all rows.
    level = Choices(overrides={"search.tau": 0.5})
    (note,) = [note for note in _table(tmp_path, 4, level).notes if "same run" in note]
    assert "0.5 and 0.6 and 0.7" in note
    assert "--weights" not in note


def test_the_topology_of_whole_images_starts_from_no_weights(tmp_path: Path) -> None:
    _table(tmp_path, 3)
    rows = csv.DictReader(io.StringIO((tmp_path / "tables.csv").read_text("utf-8")))
    starts = {row["row"]: (row["starts_from"], row["paper_starts_from"]) for row in rows}
    assert starts["Topo-Original"] == ("", "")
    assert starts["TopoCAM"] == ("scratch", "imagenet")


def test_names_make_no_markup() -> None:
    table = ReproducedTable(2, (), "caption", ("A* and B* of [mine] ~ 50 % of m_3\\",))
    assert r"A\* and B\* of \[mine\]" in as_markdown((table,))
    assert r"A* and B* of [mine] \textasciitilde{} 50 \% of m\_3\textbackslash{}" in as_latex(
        (table,)
    )
