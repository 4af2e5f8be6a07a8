"""Errors: all are counted, the surest come first, and long lists say what they leave out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from topojax.report.sections import error_section
from topojax.report.template import rendered
from topojax.runs import Run, load_run


@pytest.fixture
def run(discs_run: Path) -> Run:
    return load_run(discs_run)


def _with_test_split(
    run: Run, labels: np.ndarray, probabilities: np.ndarray, empty: np.ndarray
) -> Run:
    n = len(labels)
    test = replace(
        run.arrays.splits["test"], labels=labels, roi_voxels=np.arange(n) + 1, roi_empty=empty
    )
    arrays = replace(run.arrays, splits={**run.arrays.splits, "test": test}, errors=None)
    return replace(run, arrays=arrays, probabilities={**run.probabilities, "test": probabilities})


def test_wrong_images_come_first_and_say_what_was_thought(run: Run) -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.875, 0.125], [0.25, 0.75], [0.875, 0.125], [0.25, 0.75]])
    found = error_section(
        _with_test_split(run, labels, probabilities, np.array([False, True, False, True]))
    )
    first, second = run.class_names
    assert (found.n, found.wrong.n, found.empty.n, found.pictures) == (4, 2, 2, [])
    assert found.wrong.first.rows == (
        ("2", second, first, "0.875", "0.125", "3"),
        ("1", first, second, "0.750", "0.250", "2, empty"),
    )
    assert [row[0] for row in found.empty.first.rows] == ["1", "3"]
    assert found.wrong.further is None


def test_nothing_is_dropped_silently(run: Run) -> None:
    n = 1234
    sure = np.linspace(0.6, 0.9, n)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    long = _with_test_split(run, np.ones(n, int), probabilities, np.zeros(n, bool))
    found = error_section(long).wrong
    assert found.further is not None
    shown = [*found.first.rows, *found.further.rows]
    assert [int(row[0]) for row in shown] == list(range(n - 1, n - 1001, -1))
    assert (found.n, found.n_left_out) == (n, n - len(shown))
    assert error_section(long).empty.n == 0


def test_counts_are_those_of_the_confusion_matrix(copied: Any, run: Run, discs_run: Path) -> None:
    folder = copied(discs_run)
    names = np.array([f"case <{i}>" for i in range(len(run.labels["test"]))])
    replace(run.arrays, names=names).write(folder)
    named = load_run(folder)
    found = error_section(named)
    wrong = run.probabilities["test"].argmax(axis=1) != run.labels["test"]
    assert found.wrong.n == wrong.sum()
    assert found.empty.n == run.metrics.roi["test"].empty
    errors = run.arrays.errors
    assert errors is not None
    assert len(found.pictures) == len(errors.labels) <= 8
    rows = [*found.wrong.first.rows, *(found.wrong.further.rows if found.wrong.further else ())]
    assert [int(row[0]) for row in rows][:6] == errors.index[:6].tolist()[: len(rows)]
    assert all(row[1] == names[int(row[0])] for row in rows)
    page = rendered("sections/errors.html.j2", {"errors": found, "dropped": 0})
    assert f"case &lt;{rows[0][0]}&gt;" in page
    assert "case <" not in page
    assert page.count("<img") == len(found.pictures)


def test_a_run_without_errors_has_no_table(run: Run) -> None:
    labels = run.labels["test"]
    right = _with_test_split(run, labels, np.eye(2)[labels], np.zeros(len(labels), bool))
    page = rendered("sections/errors.html.j2", {"errors": error_section(right), "dropped": 0})
    assert f"0 of {len(labels)} test images are decided wrongly" in page
    assert "0 ROIs came out empty." in page
    assert "<table" not in page
