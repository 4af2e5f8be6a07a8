"""Predictions: the format of MedMNIST's evaluator, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topojax.runs import read_predictions, write_predictions

PROBABILITIES = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)


def test_predictions_have_the_format_of_medmnists_evaluator(tmp_path: Path) -> None:
    write_predictions(tmp_path, "test", PROBABILITIES)
    rows = (tmp_path / "predictions_test.csv").read_text().splitlines()
    assert rows == ["0,0.25,0.75", "1,1.0,0.0"]


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    write_predictions(tmp_path, "val", PROBABILITIES)
    np.testing.assert_array_equal(read_predictions(tmp_path, "val"), PROBABILITIES)
    path = tmp_path / "predictions_val.csv"
    path.write_text("\n".join(reversed(path.read_text().splitlines())))
    np.testing.assert_array_equal(read_predictions(tmp_path, "val"), PROBABILITIES)
