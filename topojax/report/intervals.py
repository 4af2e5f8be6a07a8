"""Intervals and differences as text: no number of the page is rounded anywhere else."""

from __future__ import annotations

from topojax.evaluation import Difference, Interval

_MINUS = "\N{MINUS SIGN}"


def interval_text(interval: Interval) -> str:
    """Return `0.873 [0.801, 0.932]`, which breaks before the bracket if it must."""
    low, high = rounded(interval.low), rounded(interval.high)
    return f"{rounded(interval.value)} [{low},\N{NO-BREAK SPACE}{high}]"


def rounded(number: float) -> str:
    """Return `0.873`; what rounds to zero has no sign."""
    return f"{number:z.3f}"


def difference_text(difference: Difference) -> str:
    """Return `+0.021 [−0.010, +0.052], p = 0.180`, or `p < 0.001` below that."""
    p_value = "p < 0.001" if difference.p_value < 0.001 else f"p = {rounded(difference.p_value)}"
    return f"{signed_text(difference.value, difference.low, difference.high)}, {p_value}"


def signed_text(value: float, low: float, high: float) -> str:
    """Return `+0.021 [−0.010, +0.052]`, of a difference and the ends of its interval."""
    value_text, low_text, high_text = (
        f"{number:+z.3f}".replace("-", _MINUS) for number in (value, low, high)
    )
    return f"{value_text} [{low_text},\N{NO-BREAK SPACE}{high_text}]"
