"""The paper's numbers, table by table, as it prints them (`paper_tables.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Literal

Metric = Literal["auc", "accuracy", "sensitivity", "specificity", "f1"]

_MARK = "*"
_ABSENT = "?"


@dataclass(frozen=True)
class PublishedSplit:
    """What is published of a data set's test split.

    Attributes:
        n: number of images.
        class_counts: of each class in the order of the labels; None: not published.
        source: of the counts.
    """

    n: int
    class_counts: tuple[int, ...] | None
    source: str


@dataclass(frozen=True)
class PublishedDataset:
    """A row of table 1.

    Attributes:
        name: MedMNIST's, or `harvard-gdp`, `brats2019`, `brats2021`.
        label: the paper's.
        input_shape: of what networks see, from section 4.1.
        n_images: in all splits.
        test: None: of the split that the paper scores nothing is published.
    """

    name: str
    label: str
    spatial_dims: int
    modality: str
    n_classes: int
    n_images: int
    input_shape: tuple[int, ...]
    test: PublishedSplit | None


@dataclass(frozen=True)
class Place:
    """Where a number stands: table, the row's label with its mark, data set."""

    table: int
    row: str
    dataset: str

    def __str__(self) -> str:
        return f"table {self.table}, row {self.row}, {self.dataset}"


@dataclass(frozen=True)
class Number:
    """One number of a table.

    Attributes:
        label: the row's, without its mark.
        mark: `*`, trained from scratch, or empty.
        model: a name of `topojax.models.list_models()`, or `topocam`, `topo-original`,
            `segment-betti`.
        setting: what differs from the method as proposed; empty where nothing does.
        printed: the number's characters.
        unit: what they count; table 7 has fractions of one.
    """

    table: int
    label: str
    mark: str
    model: str
    setting: str
    dataset: str
    metric: Metric
    printed: str
    unit: Literal["percent", "fraction"]

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.table, self.label + self.mark, self.dataset)

    @property
    def percent(self) -> Decimal:
        """The number in percent, exactly."""
        return Decimal(self.printed) * (100 if self.unit == "fraction" else 1)


@dataclass(frozen=True)
class Row:
    """What one row of a table says of one data set."""

    place: Place
    model: str
    setting: str
    numbers: tuple[Number, ...]

    def percent(self, metric: Metric) -> Decimal | None:
        """Return the metric in percent, or None where the row does not have it."""
        return next((n.percent for n in self.numbers if n.metric == metric), None)


@dataclass(frozen=True)
class PaperTables:
    """Tables 1 to 12.

    Attributes:
        datasets: table 1.
        numbers: of tables 2 to 12.
        absent: cells that the paper has and the text of it that was read has not.
    """

    datasets: tuple[PublishedDataset, ...]
    numbers: tuple[Number, ...]
    absent: tuple[tuple[Place, Metric], ...]

    def dataset(self, name: str) -> PublishedDataset:
        """Return the data set of that name; KeyError where there is none."""
        return {dataset.name: dataset for dataset in self.datasets}[name]

    def metrics(self, table: int) -> tuple[Metric, ...]:
        """Return the metrics that a table has, in its order."""
        return tuple(dict.fromkeys(n.metric for n in self.numbers if n.table == table))

    def rows(self) -> tuple[Row, ...]:
        """Return the numbers by row and data set, in the tables' order."""
        together: dict[Place, list[Number]] = {}
        for number in self.numbers:
            together.setdefault(number.place, []).append(number)
        return tuple(
            Row(place, those[0].model, those[0].setting, tuple(those))
            for place, those in together.items()
        )


@cache
def read_paper_tables() -> PaperTables:
    """Return the paper's tables."""
    source = resources.files("topojax.experiments.paper").joinpath("paper_tables.toml")
    values = tomllib.loads(source.read_text("utf-8"))
    cells = [cell for block in values["blocks"] for cell in _cells(block)]
    return PaperTables(
        datasets=tuple(_dataset(d, values["input_shapes"]) for d in values["datasets"]),
        numbers=tuple(cell for cell in cells if cell.printed != _ABSENT),
        absent=tuple((cell.place, cell.metric) for cell in cells if cell.printed == _ABSENT),
    )


def _dataset(values: dict[str, Any], input_shapes: dict[str, list[int]]) -> PublishedDataset:
    test = values.get("test")
    counts = test and test.get("class_counts")
    return PublishedDataset(
        name=values["name"],
        label=values["label"],
        spatial_dims=values["dim"],
        modality=values["modality"],
        n_classes=values["n_classes"],
        n_images=values["n_images"],
        input_shape=tuple(input_shapes[str(values["dim"])]),
        test=test and PublishedSplit(test["n"], counts and tuple(counts), test["source"]),
    )


def _cells(block: dict[str, Any]) -> Iterator[Number]:
    columns = [(dataset, metric) for dataset in block["datasets"] for metric in block["metrics"]]
    for label, model, setting, cells in block["rows"]:
        for (dataset, metric), printed in zip(columns, cells.split(), strict=True):
            yield Number(
                table=block["table"],
                label=label.removesuffix(_MARK),
                mark=_MARK if label.endswith(_MARK) else "",
                model=model,
                setting=setting,
                dataset=dataset,
                metric=metric,
                printed=printed,
                unit=block["unit"],
            )
