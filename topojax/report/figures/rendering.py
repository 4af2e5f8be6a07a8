"""Figures as parts of a page: one style, and rendering to data URIs.

Matplotlib's object interface alone is used: no pyplot, no display, no backend, no state of the
caller's changed. The same figure renders to the same bytes.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours (2008) without yellow, which is too pale on white.
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

# Text stays text: the browser's fonts have letters that matplotlib's own lacks.
_RC: dict[Any, str] = {"svg.fonttype": "none", "svg.hashsalt": "topojax"}

# Contexts of settings and of warnings change state of the process.
_RENDERING = threading.RLock()


@dataclass(frozen=True)
class PageFigure:
    """A rendered figure: `data:` URI, what to read out instead of it, and its caption."""

    uri: str
    alt: str
    caption: str
    width: int
    """CSS pixels."""

    @property
    def content(self) -> bytes:
        """The image as a file has it."""
        return base64.b64decode(self.uri.partition(",")[2])


class Drawing(NamedTuple):
    """What is drawn, to be rendered by `svg_figure(*drawing)` or `png_figure(*drawing)`."""

    figure: Figure
    alt: str
    caption: str


def class_colours(n_classes: int) -> tuple[str, ...]:
    """Return one colour a class, told apart by colour-blind readers up to seven classes."""
    if n_classes <= len(_PALETTE):
        return _PALETTE[:n_classes]
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return tuple(to_hex(colormaps["viridis"](0.9 * c / (n_classes - 1))) for c in range(n_classes))


def plain(name: str) -> str:
    """Return a name as matplotlib text: `$` is no mathematics, a leading `_` hides no entry."""
    escaped = legible(name).replace("$", r"\$").replace("\n", " ")
    return f" {escaped}" if escaped.startswith("_") else escaped


def legible(text: str) -> str:
    """Return text that UTF-8 can write: what stands for other bytes of a file's name is spelled."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def default_style() -> Iterator[None]:
    """Draw by matplotlib's own defaults: a user's `matplotlibrc` may ask for LaTeX or other sizes.

    One thread at a time.
    """
    with _RENDERING:
        _load_matplotlib()
        from matplotlib import style

        with style.context("default"):
            yield


def _load_matplotlib() -> None:
    """Import matplotlib, which fails where MPLBACKEND names a backend that is not installed.

    Notebooks set it for every command that they start, whatever environment that one runs in.
    """
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        # Of use to the caller's pyplot alone, which makes a choice of its own where it is unknown.
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, inches wide and high, that belongs to no window."""
    with _RENDERING:
        _load_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def frame_axes(axes: Axes, xlabel: str) -> None:
    """Name the lower axis, draw horizontal lines, and leave the upper and right edge open."""
    axes.set_xlabel(xlabel)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def svg_figure(figure: Figure, alt: str, caption: str) -> PageFigure:
    """Render lines and areas."""
    return _render(figure, "svg", "image/svg+xml", {"Date": None, "Creator": None}, alt, caption)


def png_figure(figure: Figure, alt: str, caption: str) -> PageFigure:
    """Render images, at twice the screen's usual resolution."""
    return _render(figure, "png", "image/png", {"Software": None}, alt, caption)


def _render(
    figure: Figure,
    kind: str,
    media_type: str,
    metadata: dict[str, str | None],
    alt: str,
    caption: str,
) -> PageFigure:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with _RENDERING, rc_context(_RC), warnings.catch_warnings():
        # Class names in other scripts: only the space they take is estimated with a blank.
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = round(figure.get_figwidth() * 96)
    return PageFigure(f"data:{media_type};base64,{data}", alt, caption, width)
