"""A forest plot of methods: each one's AUC, and its paired difference to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from topojax.errors import DataError
from topojax.evaluation import Difference, Interval
from topojax.report.figures.rendering import (
    PageFigure,
    class_colours,
    new_figure,
    plain,
    svg_figure,
)
from topojax.report.intervals import difference_text, interval_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.42  # inches, enough for two lines
_AROUND = 1.0  # inches, of title and axis
_NAME = 34  # characters a line, which leave the intervals half of the width


@dataclass(frozen=True)
class MethodRow:
    """One method of the forest plot.

    Attributes:
        name: as it is shown.
        auc: its AUC with interval.
        difference: its AUC minus the reference's on the same images; None for the reference.
    """

    name: str
    auc: Interval
    difference: Difference | None


def comparison_figure(rows: Sequence[MethodRow], *, level: float = 0.95) -> PageFigure:
    """Draw one row a method, from above: AUC, and difference to the reference, with intervals.

    Args:
        rows: the methods; exactly one, the reference, is without a difference.
        level: nominal coverage of all intervals.

    Raises:
        DataError: not exactly one reference, or no other method.
    """
    references = [row.name for row in rows if row.difference is None]
    if len(references) != 1 or len(rows) < 2:
        raise DataError(
            f"rows hold {len(references)} methods without a difference among {len(rows)}; expected "
            "exactly one, the reference, and at least one other"
        )
    reference = references[0]
    figure = new_figure(10.4, _AROUND + _ROW * len(rows))
    left, right = figure.subplots(1, 2)
    _draw_aucs(left, rows)
    _draw_differences(right, rows)
    texts = "; ".join(_row_text(row) for row in rows)
    alt = f"Forest plot of AUCs and of paired differences to {reference}: {texts}."
    caption = (
        f"AUC on the test split and paired difference to {reference} on the same images, with "
        f"{level * 100:g}% intervals; p-values are two-sided and not corrected for several "
        "comparisons."
    )
    return svg_figure(figure, alt, caption)


def _row_text(row: MethodRow) -> str:
    text = f"{row.name}, AUC {interval_text(row.auc)}"
    return (
        text if row.difference is None else f"{text}, difference {difference_text(row.difference)}"
    )


def _draw_aucs(axes: Axes, rows: Sequence[MethodRow]) -> None:
    blue, _ = class_colours(2)
    for place, row in enumerate(rows):
        _draw_interval(axes, place, row.auc, blue, filled=row.difference is not None)
    texts = [interval_text(row.auc) for row in rows]
    _frame(axes, [fill(plain(row.name), _NAME) for row in rows], texts)
    axes.set_title("AUC", fontsize="medium", loc="left")


def _draw_differences(axes: Axes, rows: Sequence[MethodRow]) -> None:
    _, red = class_colours(2)
    axes.axvline(0, color="0.35", linewidth=1, linestyle=(0, (4, 3)))
    texts = []
    for place, row in enumerate(rows):
        if row.difference is None:
            axes.plot(0, place, marker="D", color="white", markeredgecolor="0.35", markersize=5)
            texts.append("reference")
        else:
            _draw_interval(axes, place, row.difference, red, filled=True)
            texts.append(difference_text(row.difference))
    _frame(axes, [""] * len(rows), texts)
    axes.set_title("difference to the reference", fontsize="medium", loc="left")


def _draw_interval(
    axes: Axes, place: int, interval: Interval | Difference, colour: str, *, filled: bool
) -> None:
    ends = (interval.low, interval.high)
    axes.plot(ends, (place, place), color=colour, linewidth=1.5, marker="|", markersize=8)
    axes.plot(
        interval.value,
        place,
        marker="s" if filled else "D",
        color=colour if filled else "white",
        markeredgecolor=colour,
        markersize=5,
    )


def _frame(axes: Axes, names: Sequence[str], texts: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    # First row above; half a row free at both ends.
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize="small")
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.locator_params(axis="x", nbins=3)
    numbers = axes.twinx()
    numbers.set_yticks(range(len(texts)), texts)
    numbers.set_ylim(axes.get_ylim())
    numbers.tick_params(axis="y", length=0, labelsize="small")
    numbers.spines[["left", "top", "right", "bottom"]].set_visible(False)
