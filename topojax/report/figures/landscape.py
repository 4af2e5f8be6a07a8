"""What the search saw: the score of every candidate over weights, threshold and generations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from topojax.errors import DataError
from topojax.report.figures.rendering import (
    PageFigure,
    class_colours,
    new_figure,
    plain,
    png_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

_COLOURS = "viridis"
_BEST = "#D55E00"  # not among viridis's colours
_SIDE = 3.4  # inches
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
_BINS = 20
_MOST_LINES = 400
# The search soon leaves the worst candidates behind; colours are for telling the others apart.
_LOWEST_PERCENTILE = 5


@dataclass(frozen=True)
class UsedRule:
    """The ROI's rule that a run took of its search.

    Attributes:
        weights: (L,), of the layers.
        tau: the threshold.
    """

    weights: np.ndarray
    tau: float


@dataclass(frozen=True)
class _Candidates:
    """Candidates in the order of evaluation, without a score: -inf; and the best one's rule."""

    weights: np.ndarray
    taus: np.ndarray
    scores: np.ndarray
    layers: tuple[str, ...]
    best: UsedRule

    @property
    def ascending(self) -> np.ndarray:
        """Those with a score, so that better ones are drawn over worse ones."""
        order = np.argsort(self.scores, kind="stable")
        return order[np.isfinite(self.scores[order])]


def landscape_figure(
    weights: np.ndarray,
    taus: np.ndarray,
    scores: np.ndarray,
    layers: Sequence[str],
    *,
    used: UsedRule | None = None,
    per_generation: int | None = None,
) -> PageFigure:
    """Render `draw_landscape` for the page; same arguments and errors."""
    figure = draw_landscape(weights, taus, scores, layers, used=used, per_generation=per_generation)
    seen = _checked(weights, taus, scores, layers, used)
    rule = ", ".join(
        f"{name} {weight:.2f}" for name, weight in zip(layers, seen.best.weights, strict=True)
    )
    best = f"{seen.scores.max():.3f} at {rule}, threshold {seen.best.tau:.2f}"
    alt = f"Scores of the {len(seen.ascending)} candidates of the search; the best is {best}."
    caption = f"Every candidate of the search, better ones drawn over worse ones. Best: {best}."
    if len(seen.layers) > 3:
        n_lines = min(_MOST_LINES, len(seen.ascending))
        caption += f" Lines across the layers: {n_lines} candidates, of ranks evenly apart."
    return png_figure(figure, alt, caption)


def draw_landscape(
    weights: np.ndarray,
    taus: np.ndarray,
    scores: np.ndarray,
    layers: Sequence[str],
    *,
    used: UsedRule | None = None,
    per_generation: int | None = None,
) -> Figure:
    """Draw scores over the weights, over the threshold, and by generation.

    Two layers give a plot over one weight, three a triangle, more one line a candidate across the
    layers; one layer has no weight to plot. The threshold has a panel where it differs between
    candidates. Candidates without a finite score are left out.

    Args:
        weights: (m, L), non-negative, of sum 1; in the order of evaluation.
        taus: (m,).
        scores: (m,), higher is better.
        layers: names of the L layers.
        used: the rule that is marked as the best: of several equal scores a run uses one. None:
            the first of the best.
        per_generation: P, a divisor of m, where candidate i of a generation competes with member
            i of the population, as in `topojax.search.minimise`; None: no panel of generations.

    Raises:
        DataError: arrays that do not fit each other, or no finite score.
    """
    seen = _checked(weights, taus, scores, layers, used)
    if per_generation is not None and (per_generation < 1 or len(seen.scores) % per_generation):
        raise DataError(
            f"per_generation={per_generation} must divide the {len(seen.scores)} candidates"
        )
    panels = []
    if len(seen.layers) > 1:
        panels.append({2: _draw_weight, 3: _draw_triangle}.get(len(seen.layers), _draw_lines))
    if np.ptp(seen.taus) > 0 or not panels:
        panels.append(_draw_taus)
    n_panels = len(panels) + (per_generation is not None)
    coloured = len(seen.layers) > 2
    figure = new_figure(n_panels * _SIDE + coloured, _SIDE)
    ratios = [1 + 0.3 * coloured, *(1.0,) * (n_panels - 1)]
    axes = figure.subplots(1, n_panels, squeeze=False, width_ratios=ratios)[0]
    for draw, place in zip(panels, axes, strict=False):
        draw(place, seen)
    if per_generation is not None:
        _draw_generations(axes[-1], seen.scores.reshape(-1, per_generation))
    return figure


def _checked(
    weights: np.ndarray,
    taus: np.ndarray,
    scores: np.ndarray,
    layers: Sequence[str],
    used: UsedRule | None,
) -> _Candidates:
    weights, taus, scores = (np.asarray(array, np.float64) for array in (weights, taus, scores))
    m = len(scores)
    if scores.ndim != 1 or weights.shape != (m, len(layers)) or taus.shape != (m,) or not layers:
        raise DataError(
            f"weights {weights.shape}, taus {taus.shape} and scores {scores.shape} must be "
            f"(m, {len(layers)}), (m,) and (m,) for {len(layers)} layers"
        )
    if not np.isfinite(scores).any():
        raise DataError(f"none of the {m} scores is finite; there is nothing to draw")
    if not (np.isfinite(weights).all() and np.isfinite(taus).all()):
        raise DataError("weights or taus hold NaN or infinity; give what decoding returns")
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    # `argmax` gives the first of equals, as the search itself does.
    first = int(scores.argmax())
    best = used or UsedRule(weights[first], float(taus[first]))
    if np.shape(best.weights) != (len(layers),):
        raise DataError(
            f"used.weights have shape {np.shape(best.weights)}; expected ({len(layers)},), one a "
            "layer"
        )
    names = tuple(plain(name).strip() for name in layers)
    return _Candidates(weights, taus, scores, names, best)


def _draw_triangle(axes: Axes, seen: _Candidates) -> None:
    for share in np.linspace(0, 1, 6):
        for corner in range(3):
            ends = np.zeros((2, 3))
            ends[:, corner] = share
            ends[[0, 1], [(corner + 1) % 3, (corner + 2) % 3]] = 1 - share
            colour = "0.5" if share == 0 else "0.88"
            axes.plot(*(ends @ _CORNERS).T, color=colour, linewidth=0.8, zorder=0.5)
    order = seen.ascending
    places = seen.weights @ _CORNERS
    low, high = _colour_range(seen)
    drawn = axes.scatter(
        places[order, 0],
        places[order, 1],
        c=seen.scores[order],
        cmap=_COLOURS,
        vmin=low,
        vmax=high,
        s=9,
        linewidths=0,
        clip_on=False,
    )
    _mark_best(axes, *(np.asarray(seen.best.weights) @ _CORNERS))
    for name, place, vertical in zip(seen.layers, _CORNERS, ("top", "top", "bottom"), strict=True):
        up = 0.03 if vertical == "bottom" else -0.03
        axes.text(place[0], place[1] + up, name, ha="center", va=vertical)
    axes.set(xlim=(-0.06, 1.06), ylim=(-0.1, _CORNERS[2, 1] + 0.1), aspect="equal")
    axes.set_axis_off()
    axes.legend(loc="upper left", frameon=False, handletextpad=0.2, borderaxespad=0)
    _add_colours(axes, drawn)


def _draw_lines(axes: Axes, seen: _Candidates) -> None:
    from matplotlib.collections import LineCollection

    columns = np.arange(len(seen.layers))
    order = seen.ascending
    order = order[np.linspace(0, len(order) - 1, min(_MOST_LINES, len(order))).astype(int)]
    lines = [np.column_stack([columns, weights]) for weights in seen.weights[order]]
    drawn = LineCollection(lines, cmap=_COLOURS, linewidths=0.7)
    drawn.set_array(seen.scores[order])
    drawn.set_clim(*_colour_range(seen))
    axes.add_collection(drawn)
    best = seen.best.weights
    axes.plot(columns, best, color=_BEST, linewidth=2, marker="o", markersize=4, label="best")
    axes.set_xticks(columns, seen.layers, rotation=30, ha="right", rotation_mode="anchor")
    axes.set(xlim=(-0.15, len(columns) - 0.85), ylim=(-0.03, 1.03))
    _frame(axes, "", "weight")
    axes.grid(axis="x", color="0.8")
    _legend(axes, "upper right")
    _add_colours(axes, drawn)


def _draw_weight(axes: Axes, seen: _Candidates) -> None:
    first, second = seen.layers
    _draw_scores(axes, seen, seen.weights[:, 1], float(seen.best.weights[1]))
    _frame(axes, f"weight of {second}; the rest is {first}'s", "score of the search")
    axes.set_xlim(-0.03, 1.03)


def _draw_taus(axes: Axes, seen: _Candidates) -> None:
    _draw_scores(axes, seen, seen.taus, seen.best.tau)
    _frame(axes, "threshold τ", "score of the search")


def _draw_scores(axes: Axes, seen: _Candidates, values: np.ndarray, best: float) -> None:
    blue = class_colours(1)[0]
    order = seen.ascending
    values, scores = values[order], seen.scores[order]
    axes.scatter(values, scores, s=7, color=blue, alpha=0.35, linewidths=0)
    # Ascending scores: what is written last into a bin is its best candidate.
    width = max(float(np.ptp(values)), 1e-12) / _BINS
    bins = ((values - values.min()) / width).astype(int).clip(0, _BINS - 1)
    tops = np.array(sorted(dict(zip(bins, range(len(values)), strict=True)).items()))[:, 1]
    axes.plot(values[tops], scores[tops], color="0.25", linewidth=1, label="best nearby")
    _mark_best(axes, best, scores[-1])
    low = _colour_range(seen)[0]
    room = max(scores[-1] - low, 1e-3)
    axes.set_ylim(low - 0.25 * room, scores[-1] + 0.1 * room)
    _legend(axes)


def _draw_generations(axes: Axes, scores: np.ndarray) -> None:
    # A candidate replaces the member of its own place, or is dropped.
    members = np.maximum.accumulate(scores, axis=0)
    mean = [row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in members]
    blue, red = class_colours(2)
    marker = "o" if len(scores) < 15 else ""
    best = np.where(np.isfinite(members.max(axis=1)), members.max(axis=1), np.nan)
    axes.plot(best, color=blue, marker=marker, markersize=3, label="best so far")
    axes.plot(mean, color=red, marker=marker, markersize=3, linestyle="--", label="mean")
    axes.locator_params(axis="x", integer=True)
    _frame(axes, "generation", "score of the search")
    _legend(axes)


def _mark_best(axes: Axes, x: float, y: float) -> None:
    axes.scatter(
        [x],
        [y],
        marker="*",
        s=150,
        color=_BEST,
        edgecolors="white",
        linewidths=0.8,
        zorder=5,
        label="best",
        clip_on=False,
    )


def _colour_range(seen: _Candidates) -> tuple[float, float]:
    scores = seen.scores[seen.ascending]
    return float(np.percentile(scores, _LOWEST_PERCENTILE)), float(scores[-1])


def _add_colours(axes: Axes, drawn: ScalarMappable) -> None:
    figure = axes.get_figure()
    if figure is not None:
        figure.colorbar(drawn, ax=axes, label="score of the search", shrink=0.85, extend="min")


def _legend(axes: Axes, place: Literal["lower right", "upper right"] = "lower right") -> None:
    axes.legend(loc=place, framealpha=0.85, edgecolor="none", fancybox=False)


def _frame(axes: Axes, xlabel: str, ylabel: str) -> None:
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
