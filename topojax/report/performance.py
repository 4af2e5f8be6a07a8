"""ROC curves of TopoCAM and of its backbone alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topojax.evaluation import Scores, roc_curve
from topojax.report.rendering import PageFigure, class_colours, new_figure, plain, svg_figure
from topojax.report.run_files import RunFiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Method = tuple[str, np.ndarray, Scores]


def roc_figure(run: RunFiles) -> PageFigure:
    """Draw ROC curves of the test split, for more than two classes one against the rest."""
    methods: list[_Method] = [
        ("TopoCAM", run.probabilities["test"], run.metrics.topocam["test"]),
        ("Backbone alone", run.by_method["backbone"], run.metrics.backbone["test"]),
    ]
    binary = len(run.class_names) == 2
    return _binary_roc(run, methods) if binary else _one_vs_rest_roc(run, methods)


def _binary_roc(run: RunFiles, methods: list[_Method]) -> PageFigure:
    figure = new_figure(5.2, 4.8)
    axes = figure.subplots()
    _draw_frame(axes)
    positive = run.labels["test"] == 1
    texts = []
    colours = class_colours(len(methods))
    for (name, probabilities, scores), colour in zip(methods, colours, strict=True):
        text = f"{name}, AUC {scores.metrics['auc'].value:.3f}"
        axes.plot(*roc_curve(positive, probabilities[:, 1]), color=colour, label=text)
        texts.append(text)
    axes.legend(loc="lower right", frameon=False)
    alt = f"ROC curve of class {run.class_names[1]} on the test split: {'; '.join(texts)}."
    return svg_figure(figure, alt, f"ROC curve of {run.class_names[1]}, test split.")


def _one_vs_rest_roc(run: RunFiles, methods: list[_Method]) -> PageFigure:
    columns = 2 * len(methods)
    legend_rows = -(-len(run.class_names) // columns)
    figure = new_figure(4.6 * len(methods), 4.7 + 0.2 * legend_rows)
    panels = figure.subplots(1, len(methods), squeeze=False)[0]
    colours = class_colours(len(run.class_names))
    texts = []
    for axes, (method, probabilities, scores) in zip(panels, methods, strict=True):
        _draw_frame(axes)
        axes.set_title(f"{method}, macro AUC {scores.metrics['auc'].value:.3f}", fontsize="medium")
        lines = []
        for c, (name, colour) in enumerate(zip(run.class_names, colours, strict=True)):
            curve = roc_curve(run.labels["test"] == c, probabilities[:, c])
            lines += axes.plot(*curve, color=colour)
            texts.append(f"{method}, {name}: AUC {scores.per_class['auc'][c].value:.3f}")
    names = [plain(name) for name in run.class_names]
    figure.legend(lines, names, loc="outside lower center", ncols=columns, frameon=False)
    alt = f"ROC curves of each class against the rest on the test split. {'; '.join(texts)}."
    return svg_figure(figure, alt, "ROC curves, one class against the rest, test split.")


def _draw_frame(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set(
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        xlabel="1 − specificity",
        ylabel="sensitivity",
        aspect="equal",
    )
    axes.spines[["top", "right"]].set_visible(False)
