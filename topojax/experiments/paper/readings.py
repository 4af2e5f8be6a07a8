"""Sensitivity, specificity and F1 of two classes, of one class or averaged, as fractions.

Arguments are int64 (m,), one entry a confusion matrix: images of class 0 and of class 1, and how
many of each are decided rightly. Class 1 is the positive one. Each function yields numerators and
denominators in the order of `AVERAGINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from topojax.experiments.paper.printed_scores import Counts

Averaging = Literal["class", "macro", "weighted"]
Fractions = Iterator[tuple[Counts, Counts]]

AVERAGINGS: tuple[Averaging, ...] = ("class", "macro", "weighted")
"""Of the positive class, the mean over classes, the same weighted by their images."""


def sensitivities(n0: Counts, n1: Counts, right0: Counts, right1: Counts) -> Fractions:
    """Yield the recall of class 1, and the recalls' means; the weighted one is the accuracy."""
    yield right1, n1
    yield right0 * n1 + right1 * n0, 2 * n0 * n1
    yield right0 + right1, n0 + n1


def specificities(n0: Counts, n1: Counts, right0: Counts, right1: Counts) -> Fractions:
    """Yield the recall of class 0, and means of what each class has as the recall of the other."""
    yield right0, n0
    yield right0 * n1 + right1 * n0, 2 * n0 * n1
    yield n0 * n0 * right1 + n1 * n1 * right0, (n0 + n1) * n0 * n1


def f1s(n0: Counts, n1: Counts, right0: Counts, right1: Counts) -> Fractions:
    """Yield 2 TP / (2 TP + FP + FN), 0 where nothing is called positive, and its means."""
    den0, den1 = n0 + right0 + n1 - right1, n1 + right1 + n0 - right0
    yield 2 * right1, den1
    yield 2 * right0 * den1 + 2 * right1 * den0, 2 * den0 * den1
    yield 2 * n0 * right0 * den1 + 2 * n1 * right1 * den0, (n0 + n1) * den0 * den1


READINGS: dict[str, Callable[[Counts, Counts, Counts, Counts], Fractions]] = {
    "sensitivity": sensitivities,
    "specificity": specificities,
    "f1": f1s,
}
