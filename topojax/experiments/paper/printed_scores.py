"""Scores as they are printed, and which fractions can be printed so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal

import numpy as np
from jaxtyping import Bool, Int64

from topojax.errors import DataError

Counts = Int64[np.ndarray, " m"]
Window = Callable[[Counts, Counts, int], Bool[np.ndarray, " m"]]


@dataclass(frozen=True)
class PrintedScores:
    """Scores in percent with at most one decimal; None where one is not printed."""

    accuracy: float | Decimal | None = None
    sensitivity: float | Decimal | None = None
    specificity: float | Decimal | None = None
    f1: float | Decimal | None = None


def tenths_of(scores: PrintedScores) -> dict[str, int]:
    """Return the scores that are printed, by name, in tenths of a percent.

    Raises:
        DataError: a score that is not a number from 0 to 100 with one decimal.
    """
    found = {}
    for field in fields(scores):
        value = getattr(scores, field.name)
        if value is None:
            continue
        tenths = Decimal(str(value)) * 10
        if not tenths.is_finite() or not 0 <= tenths <= 1000 or tenths != int(tenths):
            raise DataError(
                f"{field.name}={value}; expected percent from 0 to 100 with at most one decimal"
            )
        found[field.name] = int(tenths)
    return found


def rounds_to(num: Counts, den: Counts, tenths: int) -> Bool[np.ndarray, " m"]:
    """Tell of each num / den whether it is printed as `tenths` when rounded, exactly.

    A tie may go either way: half up, half to even, or as the binary number beside it does.
    """
    return (2000 * num >= (2 * tenths - 1) * den) & (2000 * num <= (2 * tenths + 1) * den)


def rounds_twice_to(num: Counts, den: Counts, tenths: int) -> Bool[np.ndarray, " m"]:
    """Tell the same where hundredths of a percent come first: 81.053 is 81.05, is 81.0 or 81.1.

    Whatever is rounded to `tenths` at once is among them.
    """
    return (20_000 * num >= (20 * tenths - 11) * den) & (20_000 * num <= (20 * tenths + 11) * den)


def truncates_to(num: Counts, den: Counts, tenths: int) -> Bool[np.ndarray, " m"]:
    """Tell of each num / den whether it is printed as `tenths` when cut off, exactly."""
    return (1000 * num >= tenths * den) & (1000 * num < (tenths + 1) * den)
