"""Training, validation and test split of scans by patient: 70:10:20, stratified by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from topojax.data.dataset import SPLITS, SplitName
from topojax.errors import ConfigError, DataError


def patient_splits(
    patients: Sequence[str], labels: Sequence[int], class_names: Sequence[str], *, seed: int
) -> dict[SplitName, np.ndarray]:
    """Return which scans are in which split: increasing positions, int64.

    Of the patients of each class, a fifth is tested on and a tenth validates, rounded, and at least
    one each. A patient with scans of several classes counts as a class of its own. The draw depends
    on the seed, the names of patients and their classes, not on the order of scans.

    Args:
        patients: whose each scan is.
        labels: class of each scan.
        class_names: one a class, for messages.
        seed: at least 0.

    Raises:
        ConfigError: a negative seed.
        DataError: a class is absent from a split, as it has too few patients.
    """
    if seed < 0:
        raise ConfigError(f"split_seed={seed} must be 0 or more")
    rng = np.random.default_rng(seed)
    chosen: dict[str, SplitName] = {}
    for members in _strata(patients, labels):
        order = [members[i] for i in rng.permutation(len(members))]
        n_test, n_val = (_share(len(order), tenths) for tenths in (2, 1))
        for rank, patient in enumerate(order):
            chosen[patient] = (
                "test" if rank < n_test else "val" if rank < n_test + n_val else "train"
            )
    which = np.array([SPLITS.index(chosen[patient]) for patient in patients])
    splits = {name: np.flatnonzero(which == i) for i, name in enumerate(SPLITS)}
    _refuse_absent(splits, np.asarray(labels), patients, class_names)
    return splits


def _strata(patients: Sequence[str], labels: Sequence[int]) -> list[list[str]]:
    """Return patients in order of their names, those with the same set of classes together."""
    classes: dict[str, set[int]] = defaultdict(set)
    for patient, label in zip(patients, labels, strict=True):
        classes[patient].add(label)
    strata: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for patient in sorted(classes):
        strata[tuple(sorted(classes[patient]))].append(patient)
    return [strata[key] for key in sorted(strata)]


def _share(n: int, tenths: int) -> int:
    """Return tenths of n, rounded half up; at least 1 where there are three to be shared out."""
    return max((tenths * n + 5) // 10, int(n >= len(SPLITS)))


def _refuse_absent(
    splits: dict[SplitName, np.ndarray],
    labels: np.ndarray,
    patients: Sequence[str],
    class_names: Sequence[str],
) -> None:
    for c, name in enumerate(class_names):
        n = len(set(np.asarray(patients)[labels == c]))
        for split, rows in splits.items():
            if c not in labels[rows]:
                raise DataError(
                    f"class {c} ({name}) has {n} patient{'s' * (n != 1)} and is absent from the "
                    f"{split} split; expected three or more, as no patient is in two splits"
                )
