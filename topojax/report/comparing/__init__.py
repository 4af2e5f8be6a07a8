"""One page that compares runs on the same test images, the first of them the reference."""

from topojax.report.comparing.compared import (
    ComparedRuns,
    ScoredRun,
    compare_runs,
    named_runs,
)
from topojax.report.comparing.multiplicity import holm
from topojax.report.comparing.named_run import NamedRun
from topojax.report.comparing.page import build_comparison_page
from topojax.report.comparing.same_test import check_same_data, check_same_test

__all__ = [
    "ComparedRuns",
    "NamedRun",
    "ScoredRun",
    "build_comparison_page",
    "check_same_data",
    "check_same_test",
    "compare_runs",
    "holm",
    "named_runs",
]
