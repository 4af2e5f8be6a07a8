"""Intervals and differences as text: no number of the page is rounded anywhere else."""

from __future__ import annotations

from topojax.evaluation import Difference, Interval

_MINUS = "\N{MINUS SIGN}"


def interval_text(interval: Interval) -> str:
    """Return `0.873 [0.801, 0.932]`, which breaks before the bracket if it must."""
    return f"{interval.value:.3f} [{interval.low:.3f},\N{NO-BREAK SPACE}{interval.high:.3f}]"


def difference_text(difference: Difference) -> str:
    """Return `+0.021 [−0.010, +0.052], p = 0.180`, or `p < 0.001` below that."""
    value, low, high = (
        f"{number:+.3f}".replace("-", _MINUS)
        for number in (difference.value, difference.low, difference.high)
    )
    p_value = "p < 0.001" if difference.p_value < 0.001 else f"p = {difference.p_value:.3f}"
    return f"{value} [{low},\N{NO-BREAK SPACE}{high}], {p_value}"
