"""Words for a manuscript from a run's own files: Methods, references, CLAIM 2024.

Nothing is said that the run does not know: what is missing is left to the authors.
"""

from topojax.report.writing.bibliography import Reference, bibtex, read_references, reference_text
from topojax.report.writing.page import Writing, write_up

__all__ = [
    "Reference",
    "Writing",
    "bibtex",
    "read_references",
    "reference_text",
    "write_up",
]
