"""The reliability diagram: its bars, its words, degenerate predictions."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from topojax.errors import DataError
from topojax.evaluation import expected_calibration_error, temper
from topojax.report.figures.reliability import reliability_figure
from topojax.report.figures.rendering import PageFigure


def _text(figure: PageFigure) -> str:
    head, data = figure.uri.split(",")
    assert head == "data:image/svg+xml;base64"
    return " ".join("".join(ET.fromstring(base64.b64decode(data)).itertext()).split())


@pytest.mark.parametrize("n_classes", [2, 4])
def test_both_errors_and_the_temperature_are_written(
    rng: np.random.Generator, n_classes: int
) -> None:
    labels = rng.integers(n_classes, size=90)
    logits = 4 * (rng.normal(size=(90, n_classes)) + np.eye(n_classes)[labels])
    before, after = temper(logits, 1), temper(logits, 3.14159)
    figure = reliability_figure(labels, before, after, temperature=3.14159)
    text = _text(figure)
    assert "T = 3.14" in text
    for probabilities in (before, after):
        error = f"{expected_calibration_error(labels, probabilities):.3f}"
        assert f"ECE {error}" in text
        assert f"expected calibration error {error}" in figure.alt
    assert "90 test images" in figure.alt
    assert "15 bins" in figure.caption
    assert reliability_figure(labels, before, after, temperature=3.14159) == figure


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("row", [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
def test_degenerate_predictions_are_drawn_without_warnings(row: list[float]) -> None:
    probabilities = np.array([row, row])
    labels = np.array([0, 0])
    figure = reliability_figure(labels, probabilities, probabilities, temperature=1, n_bins=1)
    assert "before scaling" in _text(figure)


def test_bad_input_is_refused() -> None:
    good = np.full((2, 2), 0.5)
    with pytest.raises(DataError, match="softmax"):
        reliability_figure(np.array([0, 1]), good, 3 * good, temperature=1)
