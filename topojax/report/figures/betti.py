"""Betti curves by class, of ROIs and of whole images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topojax.report.figures.rendering import (
    Drawing,
    PageFigure,
    class_colours,
    frame_axes,
    new_figure,
    plain,
    svg_figure,
)
from topojax.runs import Run, TestCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# The paper's "40 % bands" (its figures 3 and 5), read as the middle 40 % of the images.
_BAND = (30, 50, 70)


def betti_figure(run: Run, filtration: str) -> PageFigure:
    """Draw each class's median Betti curves with 40 % bands, one panel a dimension."""
    return svg_figure(*betti_drawing(run, filtration))


def betti_drawing(run: Run, filtration: str) -> Drawing:
    """Draw the same, not rendered yet."""
    curves = run.arrays.curves[filtration]
    n_dims, shared = curves.rois.shape[1], curves.thresholds is not None
    figure = new_figure(3.6 * n_dims, 3.7)
    panels = figure.subplots(1, n_dims, squeeze=False)[0]
    labels = run.labels["test"]
    colours = class_colours(len(run.class_names))
    entries = []
    for dim, axes in enumerate(panels):
        for c, colour in enumerate(colours):
            line = _draw_class(axes, curves, labels == c, dim, colour)
            if dim == 0:
                entries.append((line, f"{plain(run.class_names[c])} (n = {(labels == c).sum()})"))
        frame_axes(axes, filtration if shared else "share of the ROI's maximum")
        axes.set(title=f"Betti-{dim}", ylabel="Betti number per voxel" if dim == 0 else "")
    dotted = panels[0].plot([], [], color="0.3", linestyle=":")[0]
    handles, texts = zip(*entries, (dotted, "whole image, median"), strict=True)
    figure.legend(handles, texts, loc="outside lower center", ncols=4, frameon=False)
    dimensions = ", ".join(str(dim) for dim in range(n_dims))
    alt = (
        f"Median Betti curves under {filtration} of dimensions {dimensions} by class "
        f"({', '.join(run.class_names)}), solid with bands for the regions of interest, "
        "dotted for whole images."
    )
    caption = (
        f"Betti curves under {filtration} by class, test split. Solid: median within the ROI, "
        "divided by the ROI's voxels; band: 30th to 70th percentile; dotted: median of whole "
        "images, divided by all voxels."
    )
    return Drawing(figure, alt, caption)


def curve_bands(curves: np.ndarray) -> np.ndarray:
    """Return the 30th, 50th and 70th percentile over images, float64 (3, d, N).

    Args:
        curves: (n, d, N), of one class.
    """
    return np.percentile(curves, _BAND, axis=0)


def curve_thresholds(curves: TestCurves) -> np.ndarray:
    """Return the N thresholds of the curves; shares of an image's maximum where each has its own.

    float64 (N,).
    """
    if curves.thresholds is None:
        return np.linspace(0, 1, curves.rois.shape[2])
    return curves.thresholds


def _draw_class(
    axes: Axes, curves: TestCurves, members: np.ndarray, dim: int, colour: str
) -> Line2D:
    thresholds = curve_thresholds(curves)
    low, median, high = curve_bands(curves.rois[members])[:, dim]
    whole = curve_bands(curves.whole[members])[1, dim]
    axes.fill_between(thresholds, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(thresholds, whole, color=colour, linestyle=":", linewidth=1.4)
    return axes.plot(thresholds, median, color=colour, linewidth=1.6)[0]
