"""The report: one self-contained page from the files of a run folder.

Importing this package loads neither matplotlib nor Jinja; making a figure or a page does.
"""

from topojax.report.build import build_report
from topojax.report.figures.examples import explanation_figure
from topojax.report.figures.rendering import default_style

__all__ = ["build_report", "default_style", "explanation_figure"]
