"""Can one confusion matrix give the scores that are printed?

Printed scores are fractions of few images, rounded: of 156 images, an accuracy is one of 157. All
matrices are tried, in whole numbers, so that "impossible" is a proof: no number of right answers in
the two classes gives all scores at once, whichever class is called positive and whichever way each
score is averaged. It is a proof about one decision for every image of the split. Scores that leave
images out, as a script may that drops empty ROIs, or that are means over runs, come from no such
matrix. A micro average is the accuracy once more and no reading of another score. AUC is not looked
at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from topojax.errors import DataError
from topojax.experiments.paper.printed_scores import (
    Counts,
    PrintedScores,
    Window,
    rounds_to,
    rounds_twice_to,
    tenths_of,
    truncates_to,
)
from topojax.experiments.paper.readings import AVERAGINGS, READINGS, Averaging

Outcome = Literal["possible", "rounded twice", "truncated", "impossible"]

_LARGEST = 40_000
"""Images of a split with class counts: numerators stay below 2^63."""
_LARGEST_UNKNOWN = 2000
"""Images of a split without: its matrices of one accuracy fit memory."""


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix that gives the scores, and how they are to be read.

    Attributes:
        counts: by true class, then by predicted class.
        positive: the class that is called positive.
        averaging: of each printed score; `class`: of the positive class alone.
    """

    counts: tuple[tuple[int, int], tuple[int, int]]
    positive: int
    averaging: dict[str, Averaging]


@dataclass(frozen=True)
class Verdict:
    """What a search through all confusion matrices found.

    Attributes:
        decided: the scores that were held against the matrices.
        outcome: `possible`: scores are rounded, a tie either way. `rounded twice`: only if some are
            rounded to hundredths first. `truncated`: only if all are cut off after the first
            decimal. `impossible`: none of these.
        matrix: one that gives them, by the plainest reading there is; None where there is none, or
            for more than two classes.
        possible_without: of what is impossible, the scores without which it would be possible.
    """

    decided: tuple[str, ...]
    outcome: Outcome
    matrix: Matrix | None = None
    possible_without: tuple[str, ...] = ()


def judge_scores(class_counts: Sequence[int], scores: PrintedScores) -> Verdict:
    """Search for a confusion matrix of a test split that gives the scores.

    Of two classes every matrix is tried, either class as the positive one. Sensitivity and
    specificity are those of that class, or the macro or weighted mean of both classes' (a weighted
    sensitivity is the accuracy), F1 likewise, each by itself. Of more classes the accuracy alone is
    decided, a multiple of 1 / n; their other scores are not looked at.

    Args:
        class_counts: images of each class; at least two classes, no empty one.

    Raises:
        DataError: counts or scores that are none.
    """
    counts = list(class_counts)
    whole = all(isinstance(count, int | np.integer) for count in counts)
    if not whole or len(counts) < 2 or min(counts) < 1 or sum(counts) > _LARGEST:
        raise DataError(
            f"class_counts={tuple(counts)}; expected two or more whole numbers of at least 1, "
            f"together {_LARGEST} at most"
        )
    if len(counts) > 2:
        return _judge_accuracy(sum(counts), scores)
    ways = np.array([counts], np.int64)
    return _judge(ways, scores, can_be_missing=tuple(tenths_of(scores)))


def judge_scores_of_size(n: int, n_classes: int, scores: PrintedScores) -> Verdict:
    """Search where only the number of images is known: any class counts are allowed.

    As `judge_scores`, through the matrices of every pair of class counts. Rows of one data set are
    judged each by itself: that all are possible does not say that one pair serves them all.

    Raises:
        DataError: too few images for the classes or too many to search, scores that are none, or
            no accuracy, without which almost everything is possible.
    """
    if n_classes < 2 or not n_classes <= n <= _LARGEST_UNKNOWN:
        raise DataError(
            f"n={n}, n_classes={n_classes}; expected two classes or more and between n_classes and "
            f"{_LARGEST_UNKNOWN} images; give class counts for more"
        )
    if scores.accuracy is None:
        raise DataError("accuracy=None; expected a number where class counts are not known")
    if n_classes > 2:
        return _judge_accuracy(n, scores)
    first = np.arange(1, n)
    ways = np.stack([first, n - first], axis=1)
    others = tuple(name for name in tenths_of(scores) if name != "accuracy")
    return _judge(ways, scores, can_be_missing=others)


def _judge_accuracy(n: int, scores: PrintedScores) -> Verdict:
    tenths, decided = tenths_of(scores), ("accuracy",)
    if scores.accuracy is None:
        raise DataError("accuracy=None; expected a number, the only score decided of many classes")
    for outcome, window in _WINDOWS.items():
        if _totals(n, tenths, window).size:
            return Verdict(decided, outcome)
    return Verdict(decided, "impossible")


def _judge(ways: np.ndarray, scores: PrintedScores, can_be_missing: tuple[str, ...]) -> Verdict:
    tenths = tenths_of(scores)
    decided = tuple(tenths)
    if not decided:
        raise DataError(f"scores={scores}; expected one score at least")
    for outcome, window in _WINDOWS.items():
        matrix = _plainest_matrix(ways, tenths, window)
        if matrix is not None:
            return Verdict(decided, outcome, matrix)
    without = (
        name
        for name in can_be_missing
        if decided != (name,)
        and _plainest_matrix(ways, _all_but(name, tenths), rounds_twice_to) is not None
    )
    return Verdict(decided, "impossible", possible_without=tuple(without))


def _all_but(name: str, tenths: dict[str, int]) -> dict[str, int]:
    return {other: value for other, value in tenths.items() if other != name}


_WINDOWS: dict[Outcome, Window] = {
    "possible": rounds_to,
    "rounded twice": rounds_twice_to,
    "truncated": truncates_to,
}


def _totals(n: int, tenths: dict[str, int], window: Window) -> Counts:
    """Return the numbers of right answers of n that the accuracy allows."""
    totals = np.arange(n + 1)
    if "accuracy" not in tenths:
        return totals
    return totals[window(totals, np.full_like(totals, n), tenths["accuracy"])]


def _plainest_matrix(ways: np.ndarray, tenths: dict[str, int], window: Window) -> Matrix | None:
    best: tuple[int, Matrix] | None = None
    for total in _totals(int(ways[0].sum()), tenths, window):
        right = _right_answers(ways, int(total))
        for positive in (1, 0):
            found = _plainest(right, positive, tenths, window)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
    return None if best is None else best[1]


def _right_answers(ways: np.ndarray, total: int) -> tuple[Counts, Counts, Counts, Counts]:
    """Return (n0, n1, right0, right1), one entry for each matrix with `total` right answers.

    Args:
        ways: (k, 2) class counts.
    """
    n0, n1 = ways[:, :1], ways[:, 1:]
    right1 = np.arange(n1.max() + 1)
    right0 = total - right1
    exists = (right1 <= n1) & (right0 >= 0) & (right0 <= n0)
    n0, n1, right0, right1 = (
        np.broadcast_to(each, exists.shape)[exists] for each in (n0, n1, right0, right1)
    )
    return n0, n1, right0, right1


def _plainest(
    right: tuple[Counts, Counts, Counts, Counts],
    positive: int,
    tenths: dict[str, int],
    window: Window,
) -> tuple[int, Matrix] | None:
    """Return of matrices of one accuracy the one whose other scores are least averaged, if any.

    With it comes how much they are averaged: 0 where all are of the positive class.
    """
    n0, n1, right0, right1 = right
    seen = (n0, n1, right0, right1) if positive == 1 else (n1, n0, right1, right0)
    hits = {
        name: np.stack([window(*fraction, tenths[name]) for fraction in readings(*seen)])
        for name, readings in READINGS.items()
        if name in tenths
    }
    every = np.ones(len(n0), bool)
    cost = np.zeros(len(n0), np.int64)
    for hit in hits.values():
        every &= hit.any(axis=0)
        cost += hit.argmax(axis=0)
    if not every.any():
        return None
    i = int(np.where(every, cost, cost.max() + 1).argmin())
    a, b, m0, m1 = (int(each[i]) for each in (right0, right1, n0, n1))
    averaging = {name: AVERAGINGS[int(hit[:, i].argmax())] for name, hit in hits.items()}
    return int(cost[i]), Matrix(((a, m0 - a), (m1 - b, b)), positive, averaging)
