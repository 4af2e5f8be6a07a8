"""`predictions_{train,val,test}.csv`: class probabilities as MedMNIST's evaluator reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from topojax.data import SplitName
from topojax.files import write_atomically
from topojax.runs.damage import broken, unreadable


def predictions_path(folder: Path, split: SplitName) -> Path:
    """Return where a split's probabilities are."""
    return folder / f"predictions_{split}.csv"


def predictions_csv(probabilities: np.ndarray) -> str:
    """Return probabilities (n, classes) as rows `index,p0,p1,…` without a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for index, row in enumerate(probabilities.tolist()):
        writer.writerow([index, *row])
    return text.getvalue()


def named_predictions_csv(
    probabilities: np.ndarray, class_names: Sequence[str], names: Sequence[str]
) -> str:
    """Return probabilities (n, classes) of named images as rows under a header.

    Columns are `path`, `predicted`, and `p(CLASS)` of each class.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "predicted", *(f"p({name})" for name in class_names)])
    for name, row in zip(names, probabilities, strict=True):
        writer.writerow([name, class_names[int(row.argmax())], *row.tolist()])
    return text.getvalue()


def write_predictions(folder: Path, split: SplitName, probabilities: np.ndarray) -> None:
    """Write a split's probabilities (n, classes) into a run folder."""
    write_atomically(predictions_path(folder, split), predictions_csv(probabilities).encode())


def read_predictions(folder: Path, split: SplitName) -> np.ndarray:
    """Return a split's probabilities, float64 (n, classes), rows in any order put into theirs.

    Raises:
        RunError: the file is missing or damaged, or its indices are not 0 … n-1.
    """
    path = predictions_path(folder, split)
    try:
        text = path.read_text(encoding="utf-8")
        rows = [[float(cell) for cell in line.split(",")] for line in text.splitlines()]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    table = table[np.argsort(table[:, 0], kind="stable")] if table.size else table
    if not np.array_equal(table[:, :1].ravel(), np.arange(len(table))):
        raise broken(path, "its first column is not the images' index 0 … n-1")
    return table[:, 1:]
