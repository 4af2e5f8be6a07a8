"""Classes of rows, and which rows train, validate and test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topojax.data.dataset import SPLITS, SplitName
from topojax.data.manifest.problems import Problem, refuse
from topojax.data.manifest.rows import Row
from topojax.data.registered.patient_splits import patient_splits
from topojax.errors import DataError, shown


def classes_of(rows: Sequence[Row], source: str) -> tuple[str, ...]:
    """Return the labels that rows have, whole numbers in order of their size, text of its letters.

    Raises:
        DataError: a row without a label: the first, and how many there are.
    """
    problems = [
        Problem(row.number, shown(row.name), "has no label; fill it in, or leave the row out")
        for row in rows
        if not row.label
    ]
    refuse(source, problems)
    names = {row.label for row in rows}
    if all(_is_whole(name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def labels_of(rows: Sequence[Row], class_names: Sequence[str], source: str) -> np.ndarray:
    """Return the class of each row, int64 (n,).

    Raises:
        DataError: a row without a label, or with another one: the first, and how many there are.
    """
    place = {name: number for number, name in enumerate(class_names)}
    expected = ", ".join(shown(name) for name in class_names)
    problems = [
        Problem(
            row.number,
            shown(row.name),
            f"has the label {shown(row.label)!r}; expected one of {expected}",
        )
        for row in rows
        if row.label not in place
    ]
    refuse(source, problems)
    return np.array([place[row.label] for row in rows], np.int64)


def splits_of(
    rows: Sequence[Row], labels: np.ndarray, class_names: Sequence[str], *, seed: int, source: str
) -> dict[SplitName, np.ndarray]:
    """Return which rows are in which split: increasing positions, int64.

    As the rows say, or 70:10:20 of the groups, stratified by class (`patient_splits`), where they
    say nothing; a row without a group is one of its own.

    Raises:
        DataError: a split without a row or without a class, or a class with too few groups.
    """
    if rows[0].split is None:
        groups = [row.name if row.group is None else row.group for row in rows]
        return patient_splits(groups, labels.tolist(), class_names, seed=seed)
    splits = {
        name: np.array([i for i, row in enumerate(rows) if row.split == name], np.int64)
        for name in SPLITS
    }
    absent = [name for name, found in splits.items() if not len(found)]
    if absent:
        raise DataError(
            f"{source} has no row of the split {absent[0]}; expected train, val and test, or no "
            "column of splits, by which rows are divided 70:10:20"
        )
    for name, found in splits.items():
        missing = sorted(set(range(len(class_names))) - set(labels[found].tolist()))
        if missing:
            raise DataError(
                f"{source}: the class {shown(class_names[missing[0]])!r} is absent from the split "
                f"{name}; scores need every class in every split"
            )
    return splits


def _said(row: Row) -> str:
    return f"the label {shown(row.label)!r}" if row.label else "no label"


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
