"""Paired differences between runs: closed forms, order, and what cannot be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from topojax.errors import RunError
from topojax.report.comparing import check_same_data, check_same_test, compare_runs, named_runs
from topojax.runs import Run


def test_a_run_differs_from_itself_by_nothing(fitted_run: Run, named: Callable) -> None:
    compared = compare_runs(named(fitted_run, fitted_run), n_bootstrap=100)
    for first, second in (compared.topocam, compared.backbone):
        assert first.difference is None
        assert second.difference is not None
        assert first.scores == second.scores
        for one in second.difference.differences.values():
            assert (one.value, one.low, one.high, one.p_value) == (0, 0, 0, 1)


def test_the_order_turns_the_signs_and_nothing_else(
    fitted_run: Run, named: Callable, other_probabilities: Callable
) -> None:
    other = other_probabilities(fitted_run)
    there = compare_runs(named(fitted_run, other), n_bootstrap=100)
    back = compare_runs(named(other, fitted_run), n_bootstrap=100)
    for ours, theirs in ((there.topocam, back.topocam), (there.backbone, back.backbone)):
        assert [one.scores for one in ours] == [one.scores for one in reversed(theirs)]
        assert ours[1].difference is not None
        assert theirs[1].difference is not None
        assert any(one.value for one in ours[1].difference.differences.values())
        for name, one in ours[1].difference.differences.items():
            turned = -theirs[1].difference.differences[name]
            for key in ("value", "low", "high", "p_value"):
                assert getattr(one, key) == pytest.approx(getattr(turned, key), abs=1e-12)


def test_scores_of_seed_0_are_those_of_the_report(fitted_run: Run, named: Callable) -> None:
    compared = compare_runs(named(fitted_run, fitted_run), n_bootstrap=100)
    assert fitted_run.environment.seed == 0
    assert compared.topocam[0].scores == fitted_run.metrics.topocam["test"]
    assert compared.backbone[0].scores == fitted_run.metrics.backbone["test"]
    other = compare_runs(named(fitted_run, fitted_run), n_bootstrap=200)
    assert other.topocam[0].scores != fitted_run.metrics.topocam["test"]


def test_a_perfect_run_exceeds_the_first_by_what_is_missing(
    fitted_run: Run, named: Callable
) -> None:
    labels = fitted_run.labels["test"]
    truth = np.eye(len(fitted_run.class_names))[labels]
    perfect = replace(fitted_run, probabilities=fitted_run.probabilities | {"test": truth})
    compared = compare_runs(named(fitted_run, perfect), n_bootstrap=100)
    first, second = compared.topocam
    assert second.difference is not None
    for name, one in second.difference.differences.items():
        assert second.scores.metrics[name].value == 1
        assert one.value == pytest.approx(1 - first.scores.metrics[name].value)


def test_p_values_are_adjusted_over_the_runs(
    fitted_run: Run, named: Callable, other_probabilities: Callable
) -> None:
    others = [other_probabilities(fitted_run) for _ in range(3)]
    compared = compare_runs(named(fitted_run, *others), n_bootstrap=100)
    assert compared.topocam[0].adjusted == {}
    raised = 0
    for one in compared.topocam[1:]:
        assert one.difference is not None
        for name, plain in one.difference.differences.items():
            adjusted = one.adjusted[name]
            assert plain.p_value <= adjusted.p_value <= min(1, 3 * plain.p_value) + 1e-12
            assert (adjusted.value, adjusted.low, adjusted.high) == (
                plain.value,
                plain.low,
                plain.high,
            )
            raised += adjusted.p_value > plain.p_value
    assert raised
    alone = compare_runs(named(fitted_run, others[0]), n_bootstrap=100).topocam[1]
    assert alone.difference is not None
    assert alone.adjusted == alone.difference.differences


def test_one_run_is_not_compared(fitted_run: Run, named: Callable) -> None:
    with pytest.raises(RunError, match="give two or more"):
        compare_runs(named(fitted_run))


def test_other_classes_and_labels_are_refused_by_name(fitted_run: Run, named: Callable) -> None:
    environment = fitted_run.environment
    names = tuple(f"other{name}" for name in fitted_run.class_names)
    data = environment.data.model_copy(update={"class_names": names})
    renamed = replace(fitted_run, environment=environment.model_copy(update={"data": data}))
    both = "runs/run1 and runs/run2"
    with pytest.raises(RunError, match=f"{both} have other classes.*{names[1]}"):
        compare_runs(named(fitted_run, renamed))
    test = fitted_run.arrays.splits["test"]
    labels = test.labels.copy()
    labels[3] = (labels[3] + 1) % len(names)
    n = len(labels)
    for changed, said in (
        (labels, "other labels, of test image 3 first"),
        (labels[:-1], f"{n} and {n - 1} test images"),
    ):
        splits = fitted_run.arrays.splits | {"test": replace(test, labels=changed)}
        other = replace(fitted_run, arrays=replace(fitted_run.arrays, splits=splits))
        with pytest.raises(RunError, match=f"{both} have {said}"):
            check_same_test(named(fitted_run, other))
    check_same_test(named(fitted_run, fitted_run))


def test_other_data_are_refused_by_name(fitted_run: Run, named: Callable) -> None:
    check_same_data(named(fitted_run, fitted_run))
    environment = fitted_run.environment
    data = environment.data.model_copy(update={"fingerprint": "f" * 64})
    other = replace(fitted_run, environment=environment.model_copy(update={"data": data}))
    with pytest.raises(RunError, match=r"runs/run1 and runs/run2 .* f{12}\).*--same-images"):
        check_same_data(named(fitted_run, other))


def test_runs_are_numbered_and_named_by_their_folder(discs_run: Path) -> None:
    one, two = named_runs([discs_run, discs_run / ".." / discs_run.name])
    assert (one.title, two.title) == (f"1: {discs_run.name}", f"2: {discs_run.name}")
    with pytest.raises(RunError, match="is missing"):
        named_runs([discs_run, discs_run / "none"])
