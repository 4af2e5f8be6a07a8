"""Tables: ours beside the paper's, what is missing said, names escaped."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from topojax.data import Dataset
from topojax.errors import ConfigError
from topojax.experiments.reproduce import Asked, Choices, reproduce
from topojax.experiments.reproduce.planned import PlannedRun
from topojax.experiments.reproduce.reading import Reader


def _unread(name: str, size: int | None) -> Dataset:
    raise AssertionError("nothing is read here")


def test_tables_hold_ours_and_theirs(stubbed: list[PlannedRun], tmp_path: Path) -> None:
    asked = Asked((3, 10), datasets=("breastmnist",), seeds=(0, 1, 2))
    tables = reproduce(asked, Choices(), _unread, tmp_path)
    assert [table.number for table in tables] == [3, 10]
    first = tables[0]
    assert first.columns() == ("", "breastmnist AUC", "breastmnist ACC")
    by_label = {line[0]: line[1:] for line in first.lines()}
    assert by_label["TopoCAM"] == ("82.0 [77.0, 87.0] (99.9)", "82.0 [77.0, 87.0] (98.7)")
    assert by_label["Swin v2"] == ("– (91.0)", "– (88.5)")
    assert first.reasons()[0] == "Swin v2, breastmnist: seed 0: too large"
    # Eight networks and one fit, three seeds each, for both tables together.
    assert len(set(stubbed)) == 3 * 8


def test_files_say_the_same(stubbed: list[PlannedRun], tmp_path: Path) -> None:
    asked = Asked((3,), datasets=("breastmnist", "pneumoniamnist"))
    reproduce(asked, Choices(), _unread, tmp_path)
    markdown = (tmp_path / "tables.md").read_text("utf-8")
    assert "| TopoCAM | 80.0 [70.0, 95.0] (99.9) |" in markdown
    assert "- Swin v2, breastmnist: seed 0: too large" in markdown
    assert "contradict" in markdown
    rows = list(csv.DictReader(io.StringIO((tmp_path / "tables.csv").read_text("utf-8"))))
    assert len(rows) == 9 * 2 * 2
    (row,) = [
        row
        for row in rows
        if (row["row"], row["dataset"], row["metric"]) == ("TopoCAM", "breastmnist", "auc")
    ]
    assert (row["ours"], row["paper"], row["seeds"]) == ("80.00", "99.9", "1")
    latex = (tmp_path / "tables.tex").read_text("utf-8")
    assert r"TopoCAM & 80.0 [70.0, 95.0] (99.9)" in latex
    page = (tmp_path / "tables.html").read_text("utf-8")
    assert "80.0 [70.0, 95.0] (99.9)" in page
    assert "<script" not in page


def test_all_rows_of_the_table_with_masks_are_run(
    stubbed: list[PlannedRun], tmp_path: Path
) -> None:
    asked = Asked((8,), ("organmnist3d",))
    (table,) = reproduce(asked, Choices(), _unread, tmp_path)
    assert table.labels == ("TopoCAM", "Segment+Betti")
    assert table.reasons() == ()
    assert {run.kind for run in stubbed} == {"segmentation", "method"}


def test_data_that_the_paper_does_not_score_gets_rows_without_its_numbers(
    stubbed: list[PlannedRun], tmp_path: Path
) -> None:
    asked = Asked((2, 7), datasets=("organmnist3d",), models=("topocam", "r3d_18"))
    tables = reproduce(asked, Choices(), _unread, tmp_path)
    assert tables[0].labels == ("R3D-18", "TopoCAM")
    assert tables[1].labels == ("Grad-CAM", "Grad-CAM++", "Score-CAM")
    assert tables[0].lines()[0][1:] == ("80.0 [70.0, 95.0] (–)",) * 2
    # Networks of images of other axes have no row.
    (flat,) = reproduce(Asked((3,), ("organmnist3d",)), Choices(), _unread, tmp_path)
    assert flat.labels == ("Topo-Original", "TopoCAM")
    # One that a table has stays in that table.
    tables = reproduce(Asked((2, 3), ("adrenalmnist3d",)), Choices(), _unread, tmp_path)
    assert [table.number for table in tables] == [2]


def test_a_file_is_read_for_its_axes(
    stubbed: list[PlannedRun], discs: Dataset, tmp_path: Path
) -> None:
    read = []

    def given(name: str, size: int | None) -> Dataset:
        read.append((name, size))
        return discs

    asked = Asked((3,), ("folder/mine.npz",), ("topocam",))
    (table,) = reproduce(asked, Choices(), given, tmp_path)
    assert table.datasets == ("mine",)
    assert read == [("folder/mine.npz", None)]
    assert stubbed[0].folder_name("f").startswith("mine_topocam_seed0_")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked((1,)), "table=1 is not the paper's"),
        (Asked((2,), models=("resnet1001",)), "model='resnet1001'"),
        (Asked((8,), datasets=("breastmnist",), models=("r3d_18",)), "data sets are brats2019"),
    ],
)
def test_what_the_paper_has_not_is_refused(asked: Asked, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        reproduce(asked, Choices(), _unread, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "choices", "read_at", "edge"),
    [
        ("breastmnist", Choices(), 28, 40),
        ("breastmnist", Choices(size=40), 40, 24),
        ("breastmnist", Choices(budget="paper"), 40, 24),
        ("mine.npz", Choices(), 40, 24),
    ],
)
def test_a_quick_budget_reads_the_smallest_files_and_resizes(
    name: str, choices: Choices, read_at: int, edge: int, discs: Dataset
) -> None:
    sizes: list[int | None] = []

    def read(name: str, size: int | None) -> Dataset:
        sizes.append(size)
        return discs

    found = Reader(read, lambda *_: {}, choices).images(name, 40)
    assert sizes == [read_at]
    # What `read` gives is not resized but by the quick budget.
    assert found.shape == ((edge,) * 2 if edge == 40 else discs.shape)
