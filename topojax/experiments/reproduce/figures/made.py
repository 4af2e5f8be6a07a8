"""A figure of the paper made anew: its files, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from topojax.errors import TopojaxError
from topojax.experiments.paper import PRETRAINED
from topojax.experiments.reproduce.figures.drawn import DRAW
from topojax.experiments.reproduce.figures.planned import PlannedFigure
from topojax.experiments.reproduce.made.outcome import Outcome
from topojax.experiments.reproduce.notes import started_from
from topojax.experiments.reproduce.tables import start_of, why_failed
from topojax.files import write_atomically
from topojax.report.figures.rendering import (
    PageFigure,
    default_style,
    legible,
    png_figure,
    svg_figure,
)
from topojax.runs import load_run

_KINDS = ("svg", "png", "csv")


@dataclass(frozen=True)
class ReproducedFigure:
    """A figure as far as it could be made.

    Attributes:
        planned: what was to be made.
        caption: what all figures of the call are of.
        figure: None where there is none.
        why_not: reasons for that; sentences.
    """

    planned: PlannedFigure
    caption: str
    figure: PageFigure | None
    why_not: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The paper's."""
        return self.planned.figure.number

    def reasons(self) -> tuple[str, ...]:
        """Return why it was not made."""
        return self.why_not


def make_figure(
    planned: PlannedFigure, outcome: Outcome, folder: Path, caption: str
) -> ReproducedFigure:
    """Draw a figure and write it as SVG, PNG and CSV, or leave it and say why.

    Files of that name which an earlier call left are of other choices, and are removed.

    Args:
        planned: the figure.
        outcome: of its run.
        folder: of the files.
        caption: what is said of all figures.

    Raises:
        RunError: a file cannot be written.
    """
    for kind in _KINDS:
        (folder / f"{planned.stem}.{kind}").unlink(missing_ok=True)
    if outcome.folder is None or outcome.failure is not None:
        why = f"seed {planned.run.config.seed}: {why_failed(outcome)}"
        return ReproducedFigure(planned, caption, None, (f"{planned.title}: {why}",))
    try:
        svg, files = _rendered(planned, outcome.folder)
    except TopojaxError as error:
        return ReproducedFigure(planned, caption, None, (f"{planned.title}: {error}",))
    for kind, content in files.items():
        write_atomically(folder / f"{planned.stem}.{kind}", content)
    said = replace(svg, caption=f"{svg.caption} {caption} {_start(planned)}")
    return ReproducedFigure(planned, caption, said)


def _start(planned: PlannedFigure) -> str:
    ours = f"Its network started from {started_from(start_of(planned.run))}"
    # All of the paper's figures are of volumes and of the method as proposed.
    is_papers = planned.run.dataset == planned.figure.dataset
    theirs = f", the paper's from the weights {PRETRAINED[3]}" if is_papers else ""
    return f"{ours}{theirs}."


def _rendered(planned: PlannedFigure, folder: Path) -> tuple[PageFigure, dict[str, bytes]]:
    run = load_run(folder)
    with default_style():
        drawing, numbers = DRAW[planned.figure.kind](run)
        svg, png = svg_figure(*drawing), png_figure(*drawing)
    return svg, dict(
        zip(_KINDS, (svg.content, png.content, legible(numbers).encode()), strict=True)
    )
