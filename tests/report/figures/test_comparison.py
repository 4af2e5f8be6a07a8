"""The forest plot: every number is on it, names are text, the reference is one."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import pytest

from topojax.errors import DataError
from topojax.evaluation import Difference, Interval
from topojax.report.figures.comparison import MethodRow, comparison_figure
from topojax.report.figures.rendering import PageFigure
from topojax.report.intervals import difference_text, interval_text

_REFERENCE = MethodRow("Backbone alone", Interval(0.85, 0.79, 0.9), None)
_OTHER = MethodRow("TopoCAM", Interval(0.875, 0.81, 0.92), Difference(0.025, -0.01, 0.06, 0.1617))
_NASTY = MethodRow("_$x$ & <b>", Interval(0.6, 0.5, 0.7), Difference(-0.25, -0.35, -0.15, 1e-6))


def _text(figure: PageFigure) -> str:
    head, data = figure.uri.split(",")
    assert head == "data:image/svg+xml;base64"
    return " ".join("".join(ET.fromstring(base64.b64decode(data)).itertext()).split(" "))


def test_every_method_is_there_with_its_numbers() -> None:
    rows = (_OTHER, _REFERENCE, _NASTY)
    figure = comparison_figure(rows, level=0.9)
    text = _text(figure)
    assert text.count("reference") == 2
    for row in rows:
        assert row.name in text
        assert interval_text(row.auc) in text
        assert f"{row.name}, AUC {interval_text(row.auc)}" in figure.alt
        if row.difference is not None:
            assert difference_text(row.difference) in text
            assert difference_text(row.difference) in figure.alt
    assert "difference to Backbone alone" in figure.caption
    assert "90% intervals" in figure.caption
    assert comparison_figure(rows, level=0.9) == figure


def test_differences_have_signs_and_bounded_p_values() -> None:
    space = "\N{NO-BREAK SPACE}"
    minus = "\N{MINUS SIGN}"
    assert _OTHER.difference is not None
    assert _NASTY.difference is not None
    assert difference_text(_OTHER.difference) == f"+0.025 [{minus}0.010,{space}+0.060], p = 0.162"
    assert difference_text(_NASTY.difference) == (
        f"{minus}0.250 [{minus}0.350,{space}{minus}0.150], p < 0.001"
    )


@pytest.mark.filterwarnings("error")
def test_degenerate_intervals_and_long_names_are_drawn_without_warnings() -> None:
    sure = Interval(1.0, 1.0, 1.0)
    long = "a method whose name goes on and on, and then on for a while"
    rows = [MethodRow(long, sure, None), MethodRow("b", sure, Difference(0, 0, 0, 1))]
    assert "a method whose name" in _text(comparison_figure(rows))
    # A percentile interval need not hold the value.
    beside = Difference(0.3, 0.1, 0.2, 0.01)
    comparison_figure([_REFERENCE, MethodRow("c", Interval(0.9, 0.5, 0.8), beside)])


@pytest.mark.parametrize("rows", [[], [_REFERENCE], [_OTHER, _NASTY], [_REFERENCE] * 2])
def test_one_reference_and_another_method_are_needed(rows: list[MethodRow]) -> None:
    with pytest.raises(DataError, match=f"{len(rows)}; expected exactly one"):
        comparison_figure(rows)
