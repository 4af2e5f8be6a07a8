"""Reliability diagrams before and after temperature scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topojax.evaluation import ReliabilityCurve, reliability_curve
from topojax.evaluation.calibration import N_BINS
from topojax.report.figures.rendering import PageFigure, class_colours, new_figure, svg_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch


def reliability_figure(
    labels: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    *,
    temperature: float,
    n_bins: int = N_BINS,
) -> PageFigure:
    """Draw accuracy against confidence before and after temperature scaling, side by side.

    Bars are accuracies, hatched is the gap to the mean confidence of the bin; below is the share
    of images in each bin.

    Args:
        labels: integers (n,) in 0 … K-1, of the test split.
        before: probabilities (n, K) as the method gives them.
        after: probabilities (n, K) after scaling.
        temperature: T, fitted on the validation split.
        n_bins: bins of equal width over 0 to 1.

    Raises:
        DataError: other shapes, NaN, rows that are no probabilities, or labels out of range.
        ConfigError: `n_bins` below 1.
    """
    curves = {
        "before scaling": reliability_curve(labels, before, n_bins=n_bins),
        f"after scaling, T = {temperature:.2f}": reliability_curve(labels, after, n_bins=n_bins),
    }
    figure = new_figure(8.4, 5.2)
    panels = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3.4, 1))
    for column, (title, curve) in enumerate(curves.items()):
        top, bottom = panels[:, column]
        legend = _draw_accuracies(top, curve)
        _draw_shares(bottom, curve)
        top.set_title(f"{title}: ECE {curve.expected_error:.3f}", fontsize="medium")
        bottom.set_xlabel("confidence")
        for axes in (top, bottom):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", color="0.92")
            axes.set_axisbelow(True)
    panels[0, 0].set(ylabel="accuracy", ylim=(-0.01, 1.01))
    lowest = min(curve.low[0] for curve in curves.values())
    panels[1, 0].set(ylabel="share", xlim=(lowest - 0.01, 1.01))
    # Confidences that are all high leave a narrow axis, whose ticks are long numbers.
    panels[1, 0].locator_params(axis="x", nbins=5)
    figure.legend(handles=legend, loc="outside lower center", ncols=len(legend), frameon=False)
    texts = (
        f"{title}: expected calibration error {curve.expected_error:.3f}, maximum "
        f"{curve.maximum_error:.3f}"
        for title, curve in curves.items()
    )
    alt = f"Reliability diagrams of {len(labels)} test images. {'; '.join(texts)}."
    caption = (
        "Reliability, test split. Bars: accuracy of the images in each bin of confidence, the "
        "probability of the decided class; hatched: the gap to the bin's mean confidence. ECE: "
        f"expected calibration error over {n_bins} bins. Below: share of the images. T was fitted "
        "on the validation split."
    )
    return svg_figure(figure, alt, caption)


def _draw_accuracies(axes: Axes, curve: ReliabilityCurve) -> list[Patch]:
    """Draw one panel and return its legend's entries, the same for every panel."""
    from matplotlib.patches import Patch

    blue, red, green = class_colours(3)
    pale, width = f"{blue}59", curve.high - curve.low
    axes.bar(
        curve.low,
        curve.accuracy,
        width,
        align="edge",
        facecolor=pale,
        edgecolor="white",
        linewidth=0.8,
    )
    entries = [Patch(facecolor=pale, label="accuracy")]
    bottom = np.minimum(curve.accuracy, curve.confidence)
    kinds = (
        ("gap: too sure", curve.gap < 0, red, "////"),
        ("gap: not sure enough", curve.gap > 0, green, r"\\\\"),
    )
    for label, chosen, colour, hatch in kinds:
        axes.bar(
            curve.low[chosen],
            np.abs(curve.gap[chosen]),
            width[chosen],
            bottom[chosen],
            align="edge",
            facecolor=f"{colour}33",
            edgecolor=colour,
            hatch=hatch,
            linewidth=0.8,
        )
        entries.append(Patch(facecolor=f"{colour}33", edgecolor=colour, hatch=hatch, label=label))
    axes.plot([0, 1], [0, 1], color="0.35", linestyle=(0, (4, 3)), linewidth=1)
    return entries


def _draw_shares(axes: Axes, curve: ReliabilityCurve) -> None:
    shares, width = curve.count / curve.count.sum(), curve.high - curve.low
    axes.bar(curve.low, shares, width, align="edge", color="0.6", edgecolor="white", linewidth=0.8)
