"""ROC curves: two classes in one panel, more in one panel a method, each class in its colour."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from topojax.evaluation import score
from topojax.report.figures.rendering import PageFigure
from topojax.report.figures.roc import RocMethod, roc_figure


def _svg(figure: PageFigure) -> str:
    return base64.b64decode(figure.uri.split(",")[1]).decode()


def _methods(labels: np.ndarray, n_classes: int, rng: np.random.Generator) -> list[RocMethod]:
    methods = []
    for name in ("TopoCAM", "Backbone alone"):
        logits = rng.normal(size=(len(labels), n_classes)) + 2 * np.eye(n_classes)[labels]
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        scores = score(labels, probabilities, rng=rng, n_bootstrap=100)
        methods.append(RocMethod(name, probabilities, scores))
    return methods


@pytest.mark.parametrize("n_classes", [2, 3, 9])
def test_every_auc_is_read_out_and_every_class_has_a_colour(
    rng: np.random.Generator, n_classes: int
) -> None:
    labels = np.arange(45) % n_classes
    names = tuple(f"organ {c}" for c in range(n_classes))
    methods = _methods(labels, n_classes, rng)
    figure = roc_figure(labels, names, methods)
    assert roc_figure(labels, names, methods) == figure
    svg = _svg(figure)
    drawn = "".join(ET.fromstring(svg).itertext())
    for method in methods:
        assert f"AUC {method.scores.metrics['auc'].value:.3f}" in drawn
        aucs = method.scores.per_class.get("auc", (method.scores.metrics["auc"],))
        assert all(f"AUC {auc.value:.3f}" in figure.alt for auc in aucs)
    colours = set(re.findall(r"stroke: (#[0-9a-f]{6})", svg)) - {"#000000", "#999999"}
    assert len(colours) == n_classes
    if n_classes > 2:
        assert all(name in drawn for name in names)
