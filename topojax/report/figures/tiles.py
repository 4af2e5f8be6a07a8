"""Small pictures with the outline of a region, laid out on one pair of axes.

A pair for each picture, and a layout engine that places them, take many times longer, and a page
has a dozen such figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from topojax.report.figures.rendering import class_colours, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Yellow over black is seen on dark and on bright tissue, and by colour-blind readers.
OUTLINE = (("black", 2.4), ("#FFD92F", 1.1))
MAP_COLOURS = "magma"

_GAP = 0.06  # inches between pictures


@dataclass(frozen=True)
class Mark:
    """A voxel where a bar begins, a ring, or ends, a saltire; numbered where there are several."""

    row: int
    column: int
    is_birth: bool
    number: int


@dataclass(frozen=True)
class Tile:
    """One picture.

    Attributes:
        picture: (H, W), or (H, W, 3), in [0, 1].
        mask: bool (H, W); what is outlined.
        title: written above it.
        colours: matplotlib's name of the scale of (H, W).
        marks: drawn over it.
    """

    picture: np.ndarray
    mask: np.ndarray
    title: str
    colours: str = "gray"
    marks: tuple[Mark, ...] = ()


def tile_figure(rows: Sequence[Sequence[Tile]], *, side: float, head: float) -> Figure:
    """Draw rows of tiles, each in a square of `side` inches below `head` inches for its title."""
    width = max(len(tiles) for tiles in rows) * (side + _GAP)
    height = len(rows) * (side + head)
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    # In inches, so that tiles of other shapes stand side by side.
    axes = figure.add_axes((0, 0, 1, 1))
    for r, tiles in enumerate(rows):
        for c, tile in enumerate(tiles):
            _draw(axes, tile, c * (side + _GAP) + _GAP / 2, r * (side + head) + head, side - _GAP)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure


def outline(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the pixel edges around a mask (H, W), segments parted by NaN."""
    framed = np.pad(mask, 1)
    row, column = np.nonzero(framed[1:, :] != framed[:-1, :])
    across = np.stack([column - 1.5, column - 0.5, np.full(len(row), np.nan)], axis=1)
    level = np.stack([row - 0.5, row - 0.5, np.full(len(row), np.nan)], axis=1)
    v_row, v_column = np.nonzero(framed[:, 1:] != framed[:, :-1])
    upright = np.stack([v_column - 0.5, v_column - 0.5, np.full(len(v_row), np.nan)], axis=1)
    down = np.stack([v_row - 1.5, v_row - 0.5, np.full(len(v_row), np.nan)], axis=1)
    return np.r_[across.ravel(), upright.ravel()], np.r_[level.ravel(), down.ravel()]


def _draw(axes: Axes, tile: Tile, left: float, top: float, side: float) -> None:
    height, width = tile.mask.shape
    voxel = side / max(height, width)
    left += (side - width * voxel) / 2
    top += side - height * voxel
    axes.imshow(
        tile.picture,
        cmap=tile.colours,
        vmin=0,
        vmax=1,
        interpolation="nearest",
        extent=(left, left + width * voxel, top + height * voxel, top),
        aspect="auto",
    )
    x, y = outline(tile.mask)
    for colour, thickness in OUTLINE:
        axes.plot(
            left + (x + 0.5) * voxel,
            top + (y + 0.5) * voxel,
            color=colour,
            linewidth=thickness,
            solid_capstyle="projecting",
        )
    axes.annotate(
        tile.title, (left, top), (0, 3), textcoords="offset points", fontsize=7, parse_math=False
    )
    for mark in tile.marks:
        place = (left + (mark.column + 0.5) * voxel, top + (mark.row + 0.5) * voxel)
        _draw_mark(axes, mark, place, is_numbered=len(tile.marks) > 2)


def _draw_mark(axes: Axes, mark: Mark, place: tuple[float, float], *, is_numbered: bool) -> None:
    from matplotlib.patheffects import withStroke

    blue, red = class_colours(2)
    marker, colour = ("o", blue) if mark.is_birth else ("x", red)
    for edge, thickness in (("white", 3.2), (colour, 1.4)):
        axes.plot(
            *place,
            marker=marker,
            markersize=6,
            markeredgewidth=thickness,
            markerfacecolor="none",
            markeredgecolor=edge,
        )
    if is_numbered:
        number = axes.annotate(
            str(mark.number), place, (4, 3), textcoords="offset points", fontsize=8
        )
        number.set(color=colour, path_effects=[withStroke(linewidth=2, foreground="white")])
