"""The report: one self-contained page from the files of a run folder, or of a learning curve.

Importing this package loads neither matplotlib nor Jinja; making a figure or a page does.
"""

from topojax.report.build import build_report
from topojax.report.figures.examples import explanation_figure
from topojax.report.figures.rendering import default_style
from topojax.report.learning_curve import build_learning_curve_report

__all__ = ["build_learning_curve_report", "build_report", "default_style", "explanation_figure"]
