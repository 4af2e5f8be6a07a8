"""Numbers as text."""

from __future__ import annotations

from topojax.evaluation import Difference, Interval
from topojax.report.intervals import difference_text, interval_text, rounded


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert rounded(-1e-17) == rounded(-0.0) == "0.000"
    assert rounded(-0.0006) == "-0.001"
    assert interval_text(Interval(0.5, -1e-9, 1.0)) == "0.500 [0.000,\N{NO-BREAK SPACE}1.000]"
    text = difference_text(Difference(-1e-9, -0.25, 0.25, 0.9))
    assert text == "+0.000 [\N{MINUS SIGN}0.250,\N{NO-BREAK SPACE}+0.250], p = 0.900"
