"""The reliability diagram: its bars, its words, degenerate predictions."""

from __future__ import annotations

import base64
import itertools
import re
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


@pytest.mark.parametrize("least", [0.5, 0.82, 0.94])
def test_ticks_of_a_narrow_axis_stand_apart(least: float) -> None:
    high = np.linspace(least, 1, 40)
    probabilities = np.column_stack([1 - high, high])
    figure = reliability_figure(np.ones(40, int), probabilities, probabilities, temperature=1)
    root = ET.fromstring(base64.b64decode(figure.uri.split(",")[1]))
    labels = [
        (float(text.get("style", "").split("px")[0].split()[-1]), text)
        for text in root.iter("{http://www.w3.org/2000/svg}text")
        if re.fullmatch(r"[01]\.\d+", (text.text or "").strip())
    ]
    assert labels
    rows: dict[float, list[tuple[float, float]]] = {}
    for size, text in labels:
        # 0.64 em a digit and 0.32 em the point, of DejaVu Sans; numbers below each other are of
        # other axes.
        width = size * (0.64 * (len(text.text.strip()) - 1) + 0.32)
        rows.setdefault(float(text.get("y")), []).append((float(text.get("x")), width))
    wide = [sorted(row) for row in rows.values() if len(row) > 2]
    assert wide
    for row in wide:
        for (x, width), (following, _) in itertools.pairwise(row):
            assert following - x > 1.3 * width


def test_bad_input_is_refused() -> None:
    good = np.full((2, 2), 0.5)
    with pytest.raises(DataError, match="softmax"):
        reliability_figure(np.array([0, 1]), good, 3 * good, temperature=1)
