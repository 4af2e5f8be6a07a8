"""Images as points in the plane, coloured by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topojax.report.figures.rendering import Drawing, class_colours, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beside colour, for readers who do not tell colours apart, and for more classes than colours.
_MARKERS = "o^sDvP*X"


@dataclass(frozen=True)
class EmbeddingPanel:
    """One panel.

    Attributes:
        title: what the points are of.
        points: (n, 2).
    """

    title: str
    points: np.ndarray


def embedding_drawing(
    panels: Sequence[EmbeddingPanel], labels: np.ndarray, class_names: Sequence[str], caption: str
) -> Drawing:
    """Draw the same images in each panel.

    Args:
        panels: in order, from the left.
        labels: integers (n,) in 0 … K-1.
        class_names: K of them.
        caption: of the figure.
    """
    n_rows = -(-len(class_names) // 4)
    figure = new_figure(4.4 * len(panels), 4.5 + 0.2 * n_rows)
    every = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(every, panels, strict=True):
        _draw_panel(axes, panel, labels, len(class_names))
    names = [f"{plain(name)} (n = {(labels == c).sum()})" for c, name in enumerate(class_names)]
    handles = every[0].collections
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    titles = "; ".join(panel.title for panel in panels)
    alt = f"Test images as points, coloured by class ({', '.join(class_names)}): {titles}."
    return Drawing(figure, alt, caption)


def _draw_panel(axes: Axes, panel: EmbeddingPanel, labels: np.ndarray, n_classes: int) -> None:
    for c, colour in enumerate(class_colours(n_classes)):
        x, y = panel.points[labels == c].T
        marker = _MARKERS[c % len(_MARKERS)]
        axes.scatter(x, y, s=16, color=colour, marker=marker, alpha=0.7, linewidth=0)
    # Neither axis has a meaning, nor has a distance along it a unit.
    axes.set(title=panel.title, xticks=[], yticks=[], aspect="equal", adjustable="datalim")
    axes.title.set_fontsize("medium")
