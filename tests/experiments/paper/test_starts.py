"""What the paper's networks started from: its text, where its tables' marks leave it out."""

from __future__ import annotations

import pytest

from topojax.experiments.paper import published_start, read_paper_tables

PAPER = read_paper_tables()


def test_marked_rows_started_from_scratch() -> None:
    marked = [row for row in PAPER.rows() if any(n.mark for n in row.numbers)]
    assert marked
    assert {published_start(PAPER, row) for row in marked} == {"scratch"}


@pytest.mark.parametrize(
    ("table", "label", "expected"),
    [
        (2, "M3T", "scratch"),
        (9, "3D-ViT", "scratch"),
        (2, "R3D-18", "kinetics400"),
        (2, "TopoCAM", "kinetics400"),
        (3, "TopoCAM", "imagenet"),
        (3, "DaViT", "imagenet"),
        (2, "Topo-Original", ""),
        (8, "Segment+Betti", ""),
    ],
)
def test_starts_by_row(table: int, label: str, expected: str) -> None:
    rows = [row for row in PAPER.rows() if (row.place.table, row.place.row) == (table, label)]
    assert {published_start(PAPER, row) for row in rows} == {expected}
