"""Where the paper's numbers contradict each other, or cannot be: found by rule in all its tables.

What a contradiction comes from, a slip of the pen or a column that was copied, numbers do not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from topojax.experiments.paper.confusion import Verdict
from topojax.experiments.paper.published import (
    Metric,
    Number,
    PaperTables,
    Place,
    PublishedSplit,
    Row,
)
from topojax.experiments.paper.row_checks import check_rows

LEAST_EQUAL_ROWS = 3
"""Rows of a table in which two data sets' accuracies agree: from here on a contradiction.

One row may agree by chance: a table has up to nine rows and 28 pairs of data sets.
"""


@dataclass(frozen=True)
class TwoValues:
    """One quantity that is printed with different values, in percent, one for each place."""

    model: str
    setting: str
    dataset: str
    metric: Metric
    places: tuple[Place, ...]
    percents: tuple[Decimal, ...]

    @property
    def sentence(self) -> str:
        """The finding, for people."""
        printed = ", ".join(
            f"{percent} in table {place.table} (row {place.row})"
            for place, percent in zip(self.places, self.percents, strict=True)
        )
        model = _called(self.model, self.setting)
        return f"{self.metric} of {model} on {self.dataset} is printed as {printed}"


@dataclass(frozen=True)
class EqualScores:
    """Two data sets on which one model has the same AUC and the same accuracy.

    Attributes:
        scores: all that are equal in the two fullest rows, in percent.
        places: the rows that agree.
    """

    model: str
    setting: str
    datasets: tuple[str, str]
    scores: tuple[tuple[Metric, Decimal], ...]
    places: tuple[Place, ...]

    @property
    def sentence(self) -> str:
        """The finding, for people."""
        scores = ", ".join(f"{metric} {percent}" for metric, percent in self.scores)
        model = _called(self.model, self.setting)
        tables = _listed(sorted({place.table for place in self.places}))
        return (
            f"{model} has the same scores on {' and '.join(self.datasets)}: {scores} "
            f"(tables {tables})"
        )


@dataclass(frozen=True)
class EqualAccuracies:
    """Two data sets whose accuracies are equal in row after row of one table.

    Attributes:
        n_rows: rows of the table that have an accuracy on both.
        places: the rows that agree, of the first data set and of the second in turn.
    """

    table: int
    datasets: tuple[str, str]
    n_rows: int
    places: tuple[Place, ...]

    @property
    def sentence(self) -> str:
        """The finding, for people."""
        rows = list(dict.fromkeys(place.row for place in self.places))
        return (
            f"table {self.table} has the same accuracy on {' and '.join(self.datasets)} in "
            f"{len(rows)} of {self.n_rows} rows: {_listed(rows)}"
        )


@dataclass(frozen=True)
class NoConfusionMatrix:
    """A row whose scores no confusion matrix of the whole test split gives."""

    row: Row
    test: PublishedSplit
    verdict: Verdict

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the row stands."""
        return (self.row.place,)

    @property
    def sentence(self) -> str:
        """The finding, for people."""
        decided = [n for n in self.row.numbers if n.metric in self.verdict.decided]
        counts = self.test.class_counts
        sizes = " and ".join(map(str, counts or ()))
        classes = f"in classes of {sizes}" if sizes else "whatever their classes' sizes"
        without = " or ".join(self.verdict.possible_without)
        return (
            f"{self.row.place}: no confusion matrix of the {self.test.n} test images, {classes}, "
            f"gives {_listed([f'{n.metric} {n.percent}' for n in decided])}"
            f"{f'; without {without} one does' if without else ''}"
        )


Contradiction = TwoValues | EqualScores | EqualAccuracies | NoConfusionMatrix


def find_contradictions(tables: PaperTables) -> tuple[Contradiction, ...]:
    """Return the contradictions, kind by kind and in the tables' order."""
    rows = tables.rows()
    return (
        *_two_values(tables.numbers),
        *_equal_scores(rows),
        *_equal_accuracies(rows),
        *(
            NoConfusionMatrix(check.row, check.test, check.verdict)
            for check in check_rows(tables)
            if check.test and check.verdict and check.verdict.outcome == "impossible"
        ),
    )


def _two_values(numbers: tuple[Number, ...]) -> Iterator[TwoValues]:
    together: dict[tuple[str, str, str, Metric], list[Number]] = {}
    for number in numbers:
        key = (number.model, number.setting, number.dataset, number.metric)
        together.setdefault(key, []).append(number)
    for key, those in together.items():
        percents = tuple(number.percent for number in those)
        if len(set(percents)) > 1:
            yield TwoValues(*key, tuple(number.place for number in those), percents)


def _equal_scores(rows: tuple[Row, ...]) -> Iterator[EqualScores]:
    together: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        those = together.setdefault((row.model, row.setting), {})
        those.setdefault(row.place.dataset, []).append(row)
    for (model, setting), by_dataset in together.items():
        for datasets in combinations(by_dataset, 2):
            alike = [
                (a, b)
                for a in by_dataset[datasets[0]]
                for b in by_dataset[datasets[1]]
                if {"auc", "accuracy"} <= _equal(a, b).keys()
            ]
            if alike:
                fullest = max((_equal(a, b) for a, b in alike), key=len)
                places = dict.fromkeys(row.place for pair in alike for row in pair)
                yield EqualScores(model, setting, datasets, tuple(fullest.items()), tuple(places))


def _equal(a: Row, b: Row) -> dict[Metric, Decimal]:
    return {n.metric: n.percent for n in a.numbers if n.percent == b.percent(n.metric)}


def _equal_accuracies(rows: tuple[Row, ...]) -> Iterator[EqualAccuracies]:
    together: dict[int, dict[str, dict[str, Row]]] = {}
    for row in rows:
        by_dataset = together.setdefault(row.place.table, {})
        by_dataset.setdefault(row.place.dataset, {})[row.place.row] = row
    for table, by_dataset in together.items():
        for datasets in combinations(by_dataset, 2):
            n_rows, alike = _agreeing(by_dataset[datasets[0]], by_dataset[datasets[1]])
            if len(alike) >= LEAST_EQUAL_ROWS:
                places = tuple(row.place for pair in alike for row in pair)
                yield EqualAccuracies(table, datasets, n_rows, places)


def _agreeing(a: Mapping[str, Row], b: Mapping[str, Row]) -> tuple[int, list[tuple[Row, Row]]]:
    pairs = [(a[label], b[label]) for label in a if label in b]
    accuracies = [(x.percent("accuracy"), y.percent("accuracy")) for x, y in pairs]
    n_both = sum(None not in pair for pair in accuracies)
    alike = [
        pair for pair, (x, y) in zip(pairs, accuracies, strict=True) if x == y and x is not None
    ]
    return n_both, alike


def _called(model: str, setting: str) -> str:
    return f"{model} ({setting})" if setting else model


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))
