"""Contradictions that are known are found, and none where there is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from topojax.experiments.paper import (
    Contradiction,
    PaperTables,
    check_rows,
    find_contradictions,
    read_paper_tables,
)
from topojax.experiments.paper.contradictions import (
    EqualAccuracies,
    EqualScores,
    NoConfusionMatrix,
    TwoValues,
)
from topojax.experiments.paper.published import Number, Place


@pytest.fixture(scope="module")
def found() -> tuple[Contradiction, ...]:
    return find_contradictions(read_paper_tables())


def test_fracture_has_two_accuracies(found: tuple[Contradiction, ...]) -> None:
    (fracture,) = (
        c
        for c in found
        if isinstance(c, TwoValues) and (c.model, c.dataset) == ("topocam", "fracturemnist3d")
    )
    tables = [place.table for place in fracture.places]
    assert fracture.metric == "accuracy"
    assert tables == [2, 4, 9, 11]
    assert fracture.percents == (Decimal("66.3"), *[Decimal("63.3")] * 3)
    assert "66.3 in table 2 (row TopoCAM), 63.3 in table 4 (row 0.6)" in fracture.sentence


@pytest.mark.parametrize(
    ("model", "datasets"),
    [
        ("r2plus1d_18", {"adrenalmnist3d", "synapsemnist3d"}),
        ("r2plus1d_18", {"brats2019", "nodulemnist3d"}),
        ("topo-original", {"adrenalmnist3d", "breastmnist"}),
        ("mc3_18", {"harvard-gdp", "vesselmnist3d"}),
    ],
)
def test_data_sets_with_one_row_of_scores(
    found: tuple[Contradiction, ...], model: str, datasets: set[str]
) -> None:
    (equal,) = (
        c
        for c in found
        if isinstance(c, EqualScores) and c.model == model and set(c.datasets) == datasets
    )
    # Table 9 or 10 has the other scores, which are equal as well.
    assert [metric for metric, _ in equal.scores] == [
        "auc",
        "accuracy",
        "sensitivity",
        "specificity",
        "f1",
    ]
    assert {place.dataset for place in equal.places} == datasets


def test_harvards_accuracies_are_those_of_vessel(found: tuple[Contradiction, ...]) -> None:
    runs = {c.table: c for c in found if isinstance(c, EqualAccuracies)}
    assert runs.keys() == {2, 9}
    assert all(set(c.datasets) == {"vesselmnist3d", "harvard-gdp"} for c in runs.values())
    assert [(len(c.places), c.n_rows) for c in runs.values()] == [(14, 9), (10, 6)]
    assert "in 7 of 9 rows: R3D-18, MC3-18, R(2+1)D-18" in runs[2].sentence


def test_rows_that_no_confusion_matrix_gives(found: tuple[Contradiction, ...]) -> None:
    places = {c.row.place for c in found if isinstance(c, NoConfusionMatrix)}
    # 273 and 274 of 298 are 91.6 and 91.9 %.
    assert Place(2, "R(2+1)D-18", "adrenalmnist3d") in places
    # 620 and 621 of 624 are 99.4 and 99.5 %; sensitivity and specificity ask for 621.
    assert Place(10, "TopoCAM", "pneumoniamnist") in places
    assert Place(10, "TopoCAM", "breastmnist") not in places
    assert Place(9, "TopoCAM", "vesselmnist3d") not in places


def test_findings_are_sentences_with_their_places(found: tuple[Contradiction, ...]) -> None:
    places = {row.place for row in read_paper_tables().rows()}
    for contradiction in found:
        assert set(contradiction.places) <= places
        for place in contradiction.places:
            assert str(place.table) in contradiction.sentence
            assert place.dataset in contradiction.sentence
    assert len({c.sentence for c in found}) == len(found)


def test_what_nothing_is_published_of_is_not_checked() -> None:
    checks = check_rows(read_paper_tables())
    walled = {"harvard-gdp", "brats2019", "brats2021"}
    assert {c.row.place.dataset for c in checks if c.verdict is None} == walled
    assert {c.row.place.dataset for c in checks if c.test is None} == walled
    fracture = [c for c in checks if c.row.place.dataset == "fracturemnist3d"]
    assert {c.verdict and c.verdict.decided for c in fracture} == {("accuracy",)}


def _tables(numbers: list[Number]) -> PaperTables:
    return replace(read_paper_tables(), numbers=tuple(numbers))


def _vessel_rows() -> list[Number]:
    """Table 9's rows of Vessel, which contradict nothing."""
    return [n for n in read_paper_tables().numbers if (n.table, n.dataset) == (9, "vesselmnist3d")]


def test_one_data_set_of_one_table_contradicts_nothing() -> None:
    assert find_contradictions(_tables(_vessel_rows())) == ()


@pytest.mark.parametrize("n_rows", [2, 3])
def test_a_few_equal_accuracies_are_chance(n_rows: int) -> None:
    vessel = [n for n in _vessel_rows() if n.metric == "accuracy"]
    labels = [n.label for n in vessel][:n_rows]
    copied = [replace(n, dataset="harvard-gdp") for n in vessel if n.label in labels]
    others = [
        replace(n, dataset="harvard-gdp", printed="1.5") for n in vessel if n.label not in labels
    ]
    kinds = [type(c) for c in find_contradictions(_tables([*vessel, *copied, *others]))]
    assert kinds == [EqualAccuracies] * (n_rows >= 3)


@pytest.mark.parametrize(("changed", "n_found"), [("auc", 0), ("accuracy", 0), ("f1", 1)])
def test_equal_scores_are_equal_in_auc_and_accuracy(changed: str, n_found: int) -> None:
    vessel = [n for n in _vessel_rows() if n.model == "m3t"]
    other = [
        replace(n, dataset="harvard-gdp", printed="1.5" if n.metric == changed else n.printed)
        for n in vessel
    ]
    found = find_contradictions(_tables([*vessel, *other]))
    assert [type(c) for c in found] == [EqualScores] * n_found
    assert all(changed not in dict(c.scores) for c in found if isinstance(c, EqualScores))


def test_settings_and_units_are_told_apart() -> None:
    (auc,) = (n for n in _vessel_rows() if (n.model, n.metric) == ("topocam", "auc"))
    as_fraction = replace(auc, table=7, label="Grad-CAM", printed="0.989", unit="fraction")
    other_setting = replace(as_fraction, label="Score-CAM", setting="Score-CAM", printed="0.901")
    assert find_contradictions(_tables([auc, as_fraction, other_setting])) == ()
    wrong = replace(as_fraction, printed="0.988")
    (found,) = find_contradictions(_tables([auc, wrong]))
    assert isinstance(found, TwoValues)
    assert found.percents == (Decimal("98.9"), Decimal("98.8"))
