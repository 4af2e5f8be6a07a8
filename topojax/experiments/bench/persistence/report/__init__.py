"""The page and the figure of a record."""

from topojax.experiments.bench.persistence.report.figure import draw
from topojax.experiments.bench.persistence.report.page import markdown

__all__ = ["draw", "markdown"]
