"""The runs behind the paper's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topojax.experiments.paper import Place, PublishedFigure, Row
from topojax.experiments.reproduce.planned import (
    Choices,
    PlannedRun,
    label_of,
    plan_row,
    short_name,
)


@dataclass(frozen=True)
class PlannedFigure:
    """A figure of the paper on one data set, with the run that it shows.

    Attributes:
        figure: of the paper.
        run: of the method as proposed, as its tables have it; of the first seed.
        stem: of the names of its files.
    """

    figure: PublishedFigure
    run: PlannedRun
    stem: str

    @property
    def title(self) -> str:
        """Number and data set."""
        return f"Figure {self.figure.number}, {label_of(self.run.dataset)}"


def plan_figures(
    asked: Sequence[tuple[PublishedFigure, str]],
    spatial_dims: Mapping[str, int],
    seed: int,
    choices: Choices,
) -> tuple[PlannedFigure, ...]:
    """Return the figures with their runs, which are those of the row TopoCAM.

    Args:
        asked: figures, each with a data set.
        spatial_dims: of each data set, 2 or 3.
        seed: of the runs.
        choices: of all runs.

    Raises:
        ConfigError: values out of their range.
    """
    planned: list[PlannedFigure] = []
    for figure, dataset in asked:
        row = Row(Place(2, "TopoCAM", dataset), "topocam", "", ())
        found = plan_row(row, spatial_dims[dataset], (seed,), choices)
        stem = f"figure{figure.number}_{short_name(dataset)}"
        # Files of one name in two folders.
        while stem in {one.stem for one in planned}:
            stem += "_"
        planned.append(PlannedFigure(figure, found.runs[0], stem))
    return tuple(planned)
