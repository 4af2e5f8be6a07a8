"""The search for a confusion matrix against plain loops over exact fractions."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from topojax.errors import DataError
from topojax.experiments.paper import (
    Matrix,
    PrintedScores,
    judge_scores,
    judge_scores_of_size,
)

NAMES = ("accuracy", "sensitivity", "specificity", "f1")


def _readings(n: tuple[int, int], right: tuple[int, int], positive: int) -> dict[str, list]:
    """What each score may be by sklearn's averages, as exact fractions."""
    recall = [Fraction(right[c], n[c]) for c in (0, 1)]
    called = [right[c] + n[1 - c] - right[1 - c] for c in (0, 1)]
    f1 = [Fraction(2 * right[c], n[c] + called[c]) for c in (0, 1)]
    share = [Fraction(n[c], sum(n)) for c in (0, 1)]

    def means(of: list[Fraction]) -> list[Fraction]:
        return [of[positive], (of[0] + of[1]) / 2, share[0] * of[0] + share[1] * of[1]]

    return {
        "accuracy": [Fraction(sum(right), sum(n))],
        "sensitivity": means(recall),
        "specificity": means(recall[::-1]),
        "f1": means(f1),
    }


def _once(x: Fraction, printed: Decimal) -> bool:
    return abs(100 * x - Fraction(printed)) <= Fraction(5, 100)


def _twice(x: Fraction, printed: Decimal) -> bool:
    hundredths = (Fraction(int(100 * printed) + step, 100) for step in range(-5, 6))
    return any(abs(100 * x - y) <= Fraction(5, 1000) for y in hundredths)


def _cut(x: Fraction, printed: Decimal) -> bool:
    return Fraction(printed) <= 100 * x < Fraction(printed) + Fraction(1, 10)


def _brute(pairs: list[tuple[int, int]], printed: dict[str, Decimal]) -> str:
    every = [
        _readings(n, right, positive)
        for n in pairs
        for right in product(range(n[0] + 1), range(n[1] + 1))
        for positive in (0, 1)
    ]
    for outcome, prints in (("possible", _once), ("rounded twice", _twice), ("truncated", _cut)):
        for readings in every:
            if all(
                any(prints(x, value) for x in readings[name]) for name, value in printed.items()
            ):
                return outcome
    return "impossible"


def _printed(x: Fraction, rounding: str) -> Decimal:
    exact = Decimal(100 * x.numerator) / Decimal(x.denominator)
    return exact.quantize(Decimal("0.1"), rounding=rounding)


@st.composite
def near_matrices(draw: st.DrawFn) -> tuple[tuple[int, int], dict[str, Decimal]]:
    """Small class counts and the scores of a matrix, some of them moved by a tenth or missing."""
    n = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    right = draw(st.tuples(st.integers(0, n[0]), st.integers(0, n[1])))
    readings = _readings(n, right, draw(st.integers(0, 1)))
    rounding = draw(st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN]))
    printed = {}
    for name in draw(st.sets(st.sampled_from(NAMES), min_size=1)):
        value = _printed(draw(st.sampled_from(readings[name])), rounding)
        value += draw(st.sampled_from([Decimal(0)] * 6 + [Decimal("0.1"), Decimal("-0.1")]))
        printed[name] = min(max(value, Decimal(0)), Decimal(100))
    return n, printed


def test_search_is_that_of_plain_loops() -> None:
    seen: Counter[str] = Counter()

    @settings(deadline=None, max_examples=150)
    @given(near_matrices())
    def compare(case: tuple[tuple[int, int], dict[str, Decimal]]) -> None:
        n, printed = case
        found = judge_scores(n, PrintedScores(**printed))
        assert found.outcome == _brute([n], printed)
        assert set(found.decided) == set(printed)
        if found.matrix is not None:
            _check_matrix(found.matrix, printed, n)
        for name in printed:
            others = {other: value for other, value in printed.items() if other != name}
            possible = bool(others) and _brute([n], others) in ("possible", "rounded twice")
            assert (name in found.possible_without) == (
                found.outcome == "impossible" and possible
            ), name
        seen[found.outcome] += 1

    compare()
    assert seen["possible"] > 10
    assert seen["impossible"] > 10


def _check_matrix(matrix: Matrix, printed: dict[str, Decimal], n: tuple[int, int]) -> None:
    counts = matrix.counts
    assert tuple(map(sum, counts)) == n
    readings = _readings(n, (counts[0][0], counts[1][1]), matrix.positive)
    order = ("class", "macro", "weighted")
    for name, value in printed.items():
        i = order.index(matrix.averaging[name]) if name != "accuracy" else 0
        x = readings[name][i]
        assert _twice(x, value) or _cut(x, value)


@settings(deadline=None, max_examples=40)
@given(near_matrices())
def test_unknown_class_counts_are_all_tried(
    case: tuple[tuple[int, int], dict[str, Decimal]],
) -> None:
    n, printed = case
    printed = {"accuracy": _printed(Fraction(n[0], sum(n)), ROUND_HALF_UP), **printed}
    found = judge_scores_of_size(sum(n), 2, PrintedScores(**printed))
    pairs = [(first, sum(n) - first) for first in range(1, sum(n))]
    assert found.outcome == _brute(pairs, printed)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_matrix_is_possible_for_itself(data: st.DataObject) -> None:
    n = data.draw(st.tuples(st.integers(1, 150), st.integers(1, 150)))
    right = data.draw(st.tuples(st.integers(0, n[0]), st.integers(0, n[1])))
    positive = data.draw(st.integers(0, 1))
    average = data.draw(st.sampled_from(["binary", "macro", "weighted"]))
    rounding = data.draw(st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]))
    labels = np.repeat([0, 1], n)
    predicted = np.concatenate([np.arange(n[0]) >= right[0], np.arange(n[1]) < right[1]])
    options: dict[str, Any] = {"average": average, "zero_division": 0}

    def said(x: float) -> Decimal:
        return _printed(Fraction(x).limit_denominator(10**8), rounding)

    recalls = {"pos_label": positive} if average == "binary" else {}
    others = {"pos_label": 1 - positive} if average == "binary" else {}
    scores = PrintedScores(
        accuracy=said(accuracy_score(labels, predicted)),
        sensitivity=said(recall_score(labels, predicted, **options, **recalls)),
        specificity=said(
            recall_score(labels, predicted, **options, **others)
            if average != "weighted"
            else sum(n[c] / sum(n) * right[1 - c] / n[1 - c] for c in (0, 1))
        ),
        f1=said(f1_score(labels, predicted, **options, **recalls)),
    )
    assert judge_scores(n, scores).outcome == "possible"
    assert judge_scores_of_size(sum(n), 2, scores).outcome == "possible"


def test_ties_go_either_way_and_no_further() -> None:
    # 1 of 16 is 6.25 %, between 6.2 (half to even) and 6.3 (half up).
    said = {s: judge_scores([8, 8], PrintedScores(accuracy=s)).outcome for s in (6.1, 6.2, 6.3)}
    assert said == {6.1: "impossible", 6.2: "possible", 6.3: "possible"}


def test_rounding_twice_and_cutting_are_told_apart() -> None:
    # 77 of 95 is 81.053 %: 81.1 at once, and 81.0 by way of 81.05; 226 of 246 is 91.870 %.
    assert judge_scores([95, 1], PrintedScores(specificity=81.1)).outcome == "possible"
    assert judge_scores([95, 1], PrintedScores(specificity=81.0)).outcome != "possible"
    by_way = judge_scores([95, 257], PrintedScores(92.9, 97.3, 81.0, 95.2))
    assert by_way.outcome == "rounded twice"
    assert by_way.matrix is not None
    assert by_way.matrix.counts == ((77, 18), (7, 250))
    assert judge_scores([3, 3], PrintedScores(accuracy=66.6)).outcome == "truncated"
    assert judge_scores([3, 3], PrintedScores(accuracy=66.5)).outcome == "impossible"


def test_the_plainest_reading_is_given() -> None:
    # 33 of 43 aneurysms and 338 of 339 vessels: scores of the positive class alone.
    found = judge_scores([339, 43], PrintedScores(97.1, 76.7, 99.7, 85.7))
    assert found.matrix == Matrix(
        ((338, 1), (10, 33)), 1, {"sensitivity": "class", "specificity": "class", "f1": "class"}
    )
    # All images called vessels: sensitivity and specificity can be means alone.
    found = judge_scores([339, 43], PrintedScores(88.7, 50.0, 50.0, 47.0))
    assert found.matrix is not None
    assert found.matrix.counts == ((339, 0), (43, 0))
    assert set(found.matrix.averaging.values()) == {"macro"}


def test_what_is_at_fault_is_named() -> None:
    # The specificity is the accuracy once more.
    found = judge_scores([42, 114], PrintedScores(78.2, 86.8, 78.2, 85.3))
    assert found.outcome == "impossible"
    assert found.possible_without == ("specificity",)


@pytest.mark.parametrize("n_classes", [3, 5])
def test_of_more_classes_the_accuracy_alone_is_decided(n_classes: int) -> None:
    counts = [240 - n_classes + 1] + [1] * (n_classes - 1)
    for right in range(241):
        said = _printed(Fraction(right, 240), ROUND_HALF_UP)
        for found in (
            judge_scores(counts, PrintedScores(accuracy=said, sensitivity=12.3)),
            judge_scores_of_size(240, n_classes, PrintedScores(accuracy=said, f1=0.1)),
        ):
            assert (found.outcome, found.decided) == ("possible", ("accuracy",))
    assert judge_scores(counts, PrintedScores(accuracy=50.2)).outcome == "impossible"


@pytest.mark.parametrize(
    ("counts", "scores", "message"),
    [
        ([10], {"accuracy": 50.0}, "class_counts"),
        ([10, 0], {"accuracy": 50.0}, "class_counts"),
        ([10.5, 3], {"accuracy": 50.0}, "class_counts"),
        ([30_000, 30_000], {"accuracy": 50.0}, "class_counts"),
        ([10, 10], {"accuracy": 50.25}, "accuracy=50.25"),
        ([10, 10], {"f1": float("nan")}, "f1=nan"),
        ([10, 10], {"f1": 100.1}, "f1=100.1"),
        ([10, 10], {}, "one score at least"),
        ([10, 10, 10], {"f1": 50.0}, "accuracy=None"),
    ],
)
def test_what_is_no_count_and_no_score_is_refused(
    counts: list, scores: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        judge_scores(counts, PrintedScores(**scores))


@pytest.mark.parametrize(("n", "n_classes"), [(1, 2), (2001, 2), (10, 1)])
def test_sizes_that_cannot_be_searched_are_refused(n: int, n_classes: int) -> None:
    with pytest.raises(DataError, match=f"n={n}, n_classes={n_classes}"):
        judge_scores_of_size(n, n_classes, PrintedScores(accuracy=50.0))
    with pytest.raises(DataError, match="accuracy=None"):
        judge_scores_of_size(10, 2, PrintedScores(f1=50.0))
