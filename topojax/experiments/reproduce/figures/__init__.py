"""The paper's figures, each of one run of the method."""

from topojax.experiments.reproduce.figures.made import ReproducedFigure, make_figure
from topojax.experiments.reproduce.figures.planned import PlannedFigure, plan_figures

__all__ = ["PlannedFigure", "ReproducedFigure", "make_figure", "plan_figures"]
