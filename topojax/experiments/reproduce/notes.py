"""What a reader of a reproduced table has to know beside its numbers, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from topojax.experiments.paper import (
    PRETRAINED,
    SCRATCH,
    NoConfusionMatrix,
    PaperTables,
    published_start,
)
from topojax.experiments.reproduce.planned import PlannedRow
from topojax.experiments.reproduce.tables import ReproducedRow
from topojax.models import spatial_dims_of

MARK = "†"
"""Beside published numbers that no confusion matrix of the test split gives together."""


def notes_of(
    rows: Sequence[ReproducedRow], planned: Sequence[PlannedRow], paper: PaperTables
) -> tuple[str, ...]:
    """Return the notes of one table.

    Args:
        rows: of the table.
        planned: those of them that are made.
        paper: its tables.
    """
    return (*_of_runs(rows), *_marks(rows, paper), *_starts(rows), *_same_runs(planned, paper))


def _of_runs(rows: Sequence[ReproducedRow]) -> Iterator[str]:
    for one in rows:
        yield from (f"{one.row.place.row}, {one.dataset}: {note}" for note in one.notes)


def started_from(start: str) -> str:
    """Return what a network started from, for a sentence."""
    return start if start == SCRATCH else f"the weights {start}"


def _marks(rows: Sequence[ReproducedRow], paper: PaperTables) -> Iterator[str]:
    checks = [one.check for one in rows if one.check is not None]
    impossible = [
        NoConfusionMatrix(check.row, check.test, check.verdict).sentence
        for check in checks
        if check.test and check.verdict and check.verdict.outcome == "impossible"
    ]
    if impossible:
        yield (
            f"{MARK} These published numbers cannot all be true of one decision for every image of "
            "the test split: all confusion matrices were tried, AUC is not looked at."
        )
        yield from (f"{MARK} {sentence}" for sentence in impossible)
    published = [one for one in rows if one.row.numbers]
    hidden = _listed(one.dataset for one in published if paper.dataset(one.dataset).test is None)
    if hidden:
        yield (
            f"Not checked, so without {MARK} in any case: {hidden}; of the test split that the "
            "paper scores nothing is published."
        )
    bare = _listed(one.row.place.row for one in published if one.row.percent("accuracy") is None)
    if bare:
        yield f"Not checked, so without {MARK} in any case: {bare} where no accuracy is printed."


def _starts(rows: Sequence[ReproducedRow]) -> Iterator[str]:
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in rows:
        pair = (one.starts, one.paper_starts)
        if all(pair) and not one.why_not and one.starts != one.paper_starts:
            pairs.setdefault(pair, []).append((one.row.place.row, one.dataset))
    for (ours, theirs), places in pairs.items():
        named = _named(places, _listed(one.dataset for one in rows))
        starts = f"{started_from(ours)}, the paper's from {started_from(theirs)}"
        yield f"Ours started from {starts}: {named}."


def _same_runs(planned: Sequence[PlannedRow], paper: PaperTables) -> Iterator[str]:
    together: dict[tuple[object, ...], list[PlannedRow]] = {}
    for one in planned:
        together.setdefault((one.row.place.dataset, one.method, one.runs), []).append(one)
    repeated: dict[tuple[str, ...], list[list[PlannedRow]]] = {}
    for those in together.values():
        labels = tuple(one.row.place.row for one in those)
        if len(labels) > 1:
            repeated.setdefault(labels, []).append(those)
    for labels, groups in repeated.items():
        datasets = _listed(those[0].dataset for those in groups)
        remedy = _listed(weights for those in groups for weights in _weights_to_give(those, paper))
        yield (
            f"{' and '.join(labels)} are the same runs of ours on {datasets}, so that their equal "
            f"numbers compare nothing{f'; give {remedy} to tell them apart' if remedy else ''}."
        )


def _weights_to_give(those: Sequence[PlannedRow], paper: PaperTables) -> Iterator[str]:
    """Yield options that make rows differ where the paper's differ in what they started from."""
    starts = {published_start(paper, one.row) for one in those}
    config = those[0].runs[0].config
    if SCRATCH in starts and len(starts) > 1 and config.backbone.weights is None:
        network = config.backbone.name
        yield f"--weights {network}={PRETRAINED[spatial_dims_of(network)]}"


def _named(places: Iterable[tuple[str, str]], all_datasets: str) -> str:
    """Return (label, data set) pairs for people, labels of the same data sets together."""
    by_label: dict[str, list[str]] = {}
    for label, dataset in places:
        by_label.setdefault(label, []).append(dataset)
    by_datasets: dict[str, list[str]] = {}
    for label, datasets in by_label.items():
        by_datasets.setdefault(_listed(datasets), []).append(label)
    return "; ".join(
        f"{_listed(labels)}{'' if datasets == all_datasets else f' on {datasets}'}"
        for datasets, labels in by_datasets.items()
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
