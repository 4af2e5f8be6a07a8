"""Test AUC of several methods against the number of training images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topojax.report.figures.rendering import (
    PageFigure,
    class_colours,
    frame_axes,
    new_figure,
    plain,
    svg_figure,
)
from topojax.report.intervals import rounded
from topojax.runs import CurvePoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = "osD^vPX"


def learning_curve_figure(
    lines: Mapping[str, Sequence[CurvePoint]], *, level: float = 0.95
) -> PageFigure:
    """Draw one line a method, of mean AUCs, in a band of their intervals.

    Args:
        lines: by what each method is called, points at the same numbers of images, ascending.
        level: nominal coverage of the intervals.
    """
    figure = new_figure(8.8, 5.2)
    axes = figure.subplots()
    for number, (name, points) in enumerate(lines.items()):
        _draw(axes, points, class_colours(len(lines))[number], _MARKERS[number % 7], plain(name))
    sizes = [point.n for point in next(iter(lines.values()))]
    _number(axes, sizes)
    frame_axes(axes, "training images (logarithmic)")
    axes.set_ylabel("AUC on the test split")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    texts = "; ".join(_line_text(name, points) for name, points in lines.items())
    alt = f"AUC against {', '.join(map(str, sizes))} training images: {texts}."
    caption = (
        "AUC on the test split against the number of training images: means over seeds, in bands "
        f"of their {level * 100:g}% Student intervals."
    )
    return svg_figure(figure, alt, caption)


def _draw(axes: Axes, points: Sequence[CurvePoint], colour: str, marker: str, label: str) -> None:
    sizes = [point.n for point in points]
    lows, highs = [point.auc.low for point in points], [point.auc.high for point in points]
    axes.fill_between(sizes, lows, highs, color=colour, alpha=0.12, linewidth=0)
    if len(points) == 1:  # a band of no width
        axes.plot(sizes * 2, (*lows, *highs), color=colour, linewidth=1)
    means = [point.auc.mean for point in points]
    axes.plot(sizes, means, color=colour, marker=marker, markersize=5, label=label)


def _number(axes: Axes, sizes: Sequence[int]) -> None:
    """Mark the numbers of images themselves, and no powers of ten."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sizes, [str(n) for n in sizes])


def _line_text(name: str, points: Sequence[CurvePoint]) -> str:
    return f"{name}, {', '.join(rounded(point.auc.mean) for point in points)}"
