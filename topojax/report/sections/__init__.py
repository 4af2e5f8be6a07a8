"""Sections of the page that have templates of their own."""

from topojax.report.sections.bars import BarSection, bar_section
from topojax.report.sections.errors import ErrorSection, error_section

__all__ = ["BarSection", "ErrorSection", "bar_section", "error_section"]
