"""Seconds against voxels, one line a library."""

from __future__ import annotations

import io
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from topojax.experiments.bench.persistence.peers import NAMES

# Colour-blind safe (Okabe and Ito), ours in black.
_COLOURS = (
    *("#000000", "#0072b2", "#56b4e9", "#d55e00"),
    *("#e69f00", "#009e73", "#cc79a7", "#f0e442"),
)
_STYLES = {
    name: {"color": colour, "marker": marker}
    for name, colour, marker in zip(NAMES, _COLOURS, "os^vDPX<", strict=True)
}
_FLOOR = "one reading of the input"
_KINDS = ("smooth", "noise")
_SHAPES = {3: "volumes", 2: "images"}


def _lines(rows: list[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    timed = sorted((row["voxels"], row["median"][name]) for row in rows if name in row["median"])
    return [voxels for voxels, _ in timed], [1e-9 * voxels * ns for voxels, ns in timed]


def _draw_panel(panel: Axes, rows: list[dict[str, Any]]) -> None:
    for name, style in _STYLES.items():
        voxels, seconds = _lines(rows, name)
        if voxels:
            panel.loglog(voxels, seconds, markersize=4, label=name, **style)
    if rows:
        floor = sorted((row["voxels"], 1e-9 * row["voxels"] * row["floor"]) for row in rows)
        panel.loglog(*zip(*floor, strict=True), "--", color="#999999", label=_FLOOR)
    panel.grid(alpha=0.3)


def _shown(rows: list[dict[str, Any]], kind: str, rank: int) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if (row["input"], row["rank"], row.get("construction", "T")) == (kind, rank, "T")
    ]


def _draw_legend(figure: Figure) -> None:
    """Name every line once, although a panel has not all of them."""
    lines: dict[str, Any] = {}
    for panel in figure.axes:
        handles, names = panel.get_legend_handles_labels()
        lines |= dict(zip(names, handles, strict=True))
    named = [name for name in (*NAMES, _FLOOR) if name in lines]
    handles = [lines[name] for name in named]
    figure.legend(handles, named, loc="outside right center", frameon=False)


def draw(rows: list[dict[str, Any]]) -> bytes:
    """Draw smooth images and noise, cubes above squares, in the T-construction, and the floor.

    Returns:
        A PNG.
    """
    image = io.BytesIO()
    with matplotlib.rc_context({"font.size": 9, "axes.spines.top": False, "axes.grid": True}):
        figure = Figure(figsize=(8, 6), layout="constrained")
        panels = figure.subplots(2, 2, sharex="row", sharey="row")
        for line, (rank, shape) in zip(panels, _SHAPES.items(), strict=True):
            for panel, kind in zip(line, _KINDS, strict=True):
                _draw_panel(panel, _shown(rows, kind, rank))
                panel.set_title(f"{kind} {shape}")
            line[0].set_ylabel("seconds")
        for panel in panels[-1]:
            panel.set_xlabel("voxels")
        _draw_legend(figure)
        figure.savefig(image, format="png", dpi=150)
    return image.getvalue()
