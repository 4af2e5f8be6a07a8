"""ROC curves of several methods on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topojax.evaluation import Scores, roc_curve
from topojax.report.figures.rendering import (
    PageFigure,
    class_colours,
    new_figure,
    plain,
    svg_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RocMethod:
    """One method of the figure.

    Attributes:
        name: as it is shown.
        probabilities: (n, K), of the images that the labels are of.
        scores: theirs, whose AUCs are named.
    """

    name: str
    probabilities: np.ndarray
    scores: Scores


def roc_figure(
    labels: np.ndarray, class_names: Sequence[str], methods: Sequence[RocMethod]
) -> PageFigure:
    """Draw ROC curves of the test split, for more than two classes one against the rest.

    Args:
        labels: integers (n,) in 0 … K-1.
        class_names: K of them.
        methods: one curve each for two classes, else one panel each.
    """
    draw = _binary_roc if len(class_names) == 2 else _one_vs_rest_roc
    return draw(labels, class_names, methods)


def _binary_roc(
    labels: np.ndarray, class_names: Sequence[str], methods: Sequence[RocMethod]
) -> PageFigure:
    figure = new_figure(5.2, 4.8)
    axes = figure.subplots()
    _draw_frame(axes)
    texts = []
    for method, colour in zip(methods, class_colours(len(methods)), strict=True):
        text = f"{method.name}, AUC {method.scores.metrics['auc'].value:.3f}"
        curve = roc_curve(labels == 1, method.probabilities[:, 1])
        axes.plot(*curve, color=colour, label=text)
        texts.append(text)
    axes.legend(loc="lower right", frameon=False)
    alt = f"ROC curve of class {class_names[1]} on the test split: {'; '.join(texts)}."
    return svg_figure(figure, alt, f"ROC curve of {class_names[1]}, test split.")


def _one_vs_rest_roc(
    labels: np.ndarray, class_names: Sequence[str], methods: Sequence[RocMethod]
) -> PageFigure:
    columns = 2 * len(methods)
    legend_rows = -(-len(class_names) // columns)
    figure = new_figure(4.6 * len(methods), 4.7 + 0.2 * legend_rows)
    panels = figure.subplots(1, len(methods), squeeze=False)[0]
    colours = class_colours(len(class_names))
    texts = []
    for axes, method in zip(panels, methods, strict=True):
        _draw_frame(axes)
        macro = method.scores.metrics["auc"].value
        axes.set_title(f"{method.name}, macro AUC {macro:.3f}", fontsize="medium")
        lines = []
        for c, (name, colour) in enumerate(zip(class_names, colours, strict=True)):
            curve = roc_curve(labels == c, method.probabilities[:, c])
            lines += axes.plot(*curve, color=colour)
            auc = method.scores.per_class["auc"][c].value
            texts.append(f"{method.name}, {name}: AUC {auc:.3f}")
    names = [plain(name) for name in class_names]
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
