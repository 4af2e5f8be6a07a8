"""Splits by patient: proportions, classes, and no patient in two of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topojax.data.registered.patient_splits import patient_splits
from topojax.errors import ConfigError, DataError

NAMES = ("low", "high")


@st.composite
def _cohorts(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """Return patients of one to three scans each, six or more of each class, in any order."""
    scans = []
    for label in range(2):
        for i in range(draw(st.integers(6, 40))):
            scans += [(f"{label}-{i}", label)] * draw(st.integers(1, 3))
    scans = draw(st.permutations(scans))
    return [patient for patient, _ in scans], [label for _, label in scans]


@given(_cohorts(), st.integers(0, 1000))
def test_every_scan_is_in_one_split_with_its_patient(
    cohort: tuple[list[str], list[int]], seed: int
) -> None:
    patients, labels = cohort
    splits = patient_splits(patients, labels, NAMES, seed=seed)
    assert sorted(np.concatenate(list(splits.values()))) == list(range(len(patients)))
    held = {name: {patients[i] for i in rows} for name, rows in splits.items()}
    assert not held["train"] & (held["val"] | held["test"])
    assert not held["val"] & held["test"]
    for c in range(2):
        n = len({p for p, label in zip(patients, labels, strict=True) if label == c})
        counts = {
            name: sum(p.startswith(f"{c}-") for p in members) for name, members in held.items()
        }
        assert abs(counts["test"] - 0.2 * n) <= 0.5
        assert abs(counts["val"] - 0.1 * n) <= 0.5
        assert min(counts.values()) >= 1


@given(_cohorts())
def test_a_split_depends_on_the_seed_and_not_on_the_order(
    cohort: tuple[list[str], list[int]],
) -> None:
    patients, labels = cohort

    def tested(order: np.ndarray, seed: int) -> set[str]:
        rows = patient_splits(
            [patients[i] for i in order], [labels[i] for i in order], NAMES, seed=seed
        )["test"]
        return {patients[order[i]] for i in rows}

    forwards = np.arange(len(patients))
    assert tested(forwards, 5) == tested(forwards[::-1], 5)
    assert any(tested(forwards, seed) != tested(forwards, 5) for seed in range(20))


def test_proportions_of_the_published_cohort() -> None:
    labels = [1] * 259 + [0] * 76
    splits = patient_splits([str(i) for i in range(335)], labels, NAMES, seed=0)
    assert [len(rows) for rows in splits.values()] == [234, 34, 67]
    assert [int(np.take(labels, rows).sum()) for rows in splits.values()] == [181, 26, 52]


def test_patients_of_two_classes_stay_whole() -> None:
    patients = [str(i) for i in range(12)] * 2
    labels = [0] * 12 + [1] * 12
    splits = patient_splits(patients, labels, NAMES, seed=1)
    for rows in splits.values():
        assert {patients[i] for i in rows if i < 12} == {patients[i] for i in rows if i >= 12}
        assert len(rows) > 0


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_patients_are_named(n: int) -> None:
    patients = ["a", "b", "c", "d", *("e" if n == 1 else "ef")]
    with pytest.raises(DataError, match=rf"class 1 \(high\) has {n} patients? and is absent"):
        patient_splits(patients, [0] * 4 + [1] * n, NAMES, seed=0)


def test_three_patients_of_a_class_are_enough() -> None:
    splits = patient_splits(list("abcdef"), [0, 0, 0, 1, 1, 1], NAMES, seed=0)
    assert [len(rows) for rows in splits.values()] == [2, 2, 2]


def test_a_negative_seed() -> None:
    with pytest.raises(ConfigError, match="split_seed=-1"):
        patient_splits(["a"], [0], NAMES, seed=-1)
