"""The transcription against totals and single values that were read off the paper's text apart."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from topojax.data.medmnist.table import MEDMNIST
from topojax.experiments.paper import read_paper_tables
from topojax.experiments.paper.published import Metric, PaperTables
from topojax.models import list_models, spatial_dims_of

# Of the text's numbers as they stand, table 7's in fractions.
TOTALS = {
    2: (144, "11161.5"),
    3: (36, "3193.5"),
    4: (16, "1363.0"),
    5: (12, "1147.8"),
    6: (20, "1837.3"),
    7: (9, "8.429"),
    8: (10, "868.1"),
    9: (300, "21015.6"),
    10: (90, "7670.9"),
    11: (45, "3691.1"),
    12: (30, "2794.8"),
}

SPOTS: list[tuple[int, str, str, Metric, str]] = [
    (2, "Topo-Original", "fracturemnist3d", "accuracy", "52.5"),
    (2, "M3T", "nodulemnist3d", "accuracy", "87.7"),
    (2, "3D-ViT*", "brats2021", "auc", "74.7"),
    (2, "TopoCAM", "brats2021", "accuracy", "58.9"),
    (3, "TopoCAM", "pneumoniamnist", "auc", "100"),
    (3, "Swin v2", "breastmnist", "accuracy", "88.5"),
    (4, "0.5", "breastmnist", "auc", "98.1"),
    (4, "0.6", "vesselmnist3d", "accuracy", "97.1"),
    (5, "Single layer", "adrenalmnist3d", "accuracy", "85.2"),
    (5, "Weighted layers", "pneumoniamnist", "auc", "100.0"),
    (6, "TopoCAM*", "vesselmnist3d", "specificity", "99.1"),
    (6, "TopoCAM", "adrenalmnist3d", "f1", "81.5"),
    (7, "Grad-CAM++", "synapsemnist3d", "auc", "0.892"),
    (8, "Segment+Betti", "brats2019", "specificity", "46.2"),
    (9, "Topo-Original", "vesselmnist3d", "sensitivity", "2.3"),
    (9, "3D-CCT", "harvard-gdp", "f1", "71.7"),
    (9, "R3D-18", "brats2021", "sensitivity", "75.8"),
    (9, "MC3-18", "brats2019", "specificity", "26.7"),
    (9, "EfficientNet3D", "adrenalmnist3d", "accuracy", "76.8"),
    (9, "TopoCAM", "fracturemnist3d", "specificity", "80.3"),
    (10, "EfficientNetB0", "breastmnist", "specificity", "69.1"),
    (10, "TopoCAM", "pneumoniamnist", "f1", "99.5"),
    (11, "0.5", "vesselmnist3d", "sensitivity", "44.2"),
    (11, "0.7", "breastmnist", "specificity", "96.0"),
    (12, "Weighted layers", "nodulemnist3d", "sensitivity", "97.0"),
    (12, "Single layer", "pneumoniamnist", "specificity", "89.3"),
]


@pytest.fixture(scope="module")
def tables() -> PaperTables:
    return read_paper_tables()


def test_every_table_has_its_numbers(tables: PaperTables) -> None:
    counts = Counter(number.table for number in tables.numbers)
    totals: Counter[int] = Counter()
    for number in tables.numbers:
        totals[number.table] += Decimal(number.printed)
    assert {t: (counts[t], str(totals[t])) for t in counts} == TOTALS


@pytest.mark.parametrize(("table", "row", "dataset", "metric", "printed"), SPOTS)
def test_single_values(
    tables: PaperTables, table: int, row: str, dataset: str, metric: Metric, printed: str
) -> None:
    those = [
        number.printed
        for number in tables.numbers
        if (number.place.table, number.place.row) == (table, row)
        and (number.dataset, number.metric) == (dataset, metric)
    ]
    assert those == [printed]


def test_percents_are_percents(tables: PaperTables) -> None:
    assert all(0 <= number.percent <= 100 for number in tables.numbers)
    by_unit = {number.unit for number in tables.numbers if number.table != 7}
    assert by_unit == {"percent"}
    fractions = [number for number in tables.numbers if number.table == 7]
    assert {number.unit for number in fractions} == {"fraction"}
    assert [number.percent for number in fractions[:2]] == [Decimal("98.9"), Decimal("98.4")]


def test_no_number_stands_twice_and_columns_are_whole(tables: PaperTables) -> None:
    cells = [(number.place, number.metric) for number in tables.numbers]
    assert len({*cells, *tables.absent}) == len(cells) + len(tables.absent)
    assert len(tables.absent) == 2 + 3 * 4 * 5
    for row in tables.rows():
        assert [n.metric for n in row.numbers] == list(dict.fromkeys(n.metric for n in row.numbers))


def test_marks_are_those_of_networks_from_scratch(tables: PaperTables) -> None:
    marked = {(n.table, n.label) for n in tables.numbers if n.mark == "*"}
    in_table_2 = {(2, "EfficientNet3D"), (2, "3D-CCT"), (2, "3D-ViT")}
    assert marked == in_table_2 | {(6, "TopoCAM")}
    assert {n.mark for n in tables.numbers} == {"", "*"}
    assert not any(n.label.endswith("*") for n in tables.numbers)


def test_models_are_networks_that_there_are(tables: PaperTables) -> None:
    others = {"topocam", "topo-original", "segment-betti"}
    named = {number.model for number in tables.numbers}
    assert others <= named <= {*list_models(), *others}
    dims = {dataset.name: dataset.spatial_dims for dataset in tables.datasets}
    for number in tables.numbers:
        if number.model not in others:
            assert spatial_dims_of(number.model) == dims[number.dataset], number


def test_data_sets_are_medmnists(tables: PaperTables) -> None:
    assert {number.dataset for number in tables.numbers} == {d.name for d in tables.datasets}
    published = {dataset.name for dataset in tables.datasets} & MEDMNIST.keys()
    assert len(tables.datasets) - len(published) == 3
    for name in published:
        ours, theirs = tables.dataset(name), MEDMNIST[name]
        assert ours.n_images == sum(theirs.n_samples)
        assert ours.n_classes == len(theirs.class_names)
        assert ours.spatial_dims == theirs.spatial_dims == len(ours.input_shape)
        assert ours.label.lower() == name
        assert ours.test is not None
        assert ours.test.n == theirs.n_samples[2]
        if ours.test.class_counts is not None:
            assert sum(ours.test.class_counts) == ours.test.n
            assert len(ours.test.class_counts) == ours.n_classes


def test_table_1_of_what_medmnist_does_not_have(tables: PaperTables) -> None:
    others = [d for d in tables.datasets if d.name not in MEDMNIST]
    assert [(d.label, d.n_classes, d.n_images, d.input_shape, d.test) for d in others] == [
        ("Harvard OCT", 2, 1000, (64, 64, 64), None),
        ("BraTS 2019", 2, 335, (64, 64, 64), None),
        ("BraTS 2021", 2, 585, (64, 64, 64), None),
    ]
