"""AUCs of scores without knowledge: their spread, by formula, by enumeration and by simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from topojax.errors import ConfigError, DataError
from topojax.evaluation import CHANCE, auc_score, chance_error, chance_interval


@pytest.mark.parametrize("counts", [(1, 1), (2, 3), (4, 4), (1, 7)])
def test_the_error_is_that_of_all_ways_to_label(counts: tuple[int, int]) -> None:
    n = sum(counts)
    aucs = []
    for positive in combinations(range(n), counts[1]):
        others = [i for i in range(n) if i not in positive]
        wins = sum(p > o for p in positive for o in others)
        aucs.append(wins / (counts[0] * counts[1]))
    assert np.mean(aucs) == pytest.approx(CHANCE)
    assert chance_error(counts) == pytest.approx(np.std(aucs))


def test_the_mean_over_several_classes_varies_no_more(rng: np.random.Generator) -> None:
    counts = (12, 20, 40)
    labels = np.repeat(np.arange(3), counts)
    aucs = [auc_score(labels, rng.dirichlet(np.ones(3), len(labels))) for _ in range(2000)]
    assert np.mean(aucs) == pytest.approx(CHANCE, abs=0.01)
    assert 0.5 * chance_error(counts) < np.std(aucs) <= 1.02 * chance_error(counts)


def test_the_interval_covers_chance_as_often_as_it_says(rng: np.random.Generator) -> None:
    labels = np.repeat([0, 1], (42, 114))
    error = chance_error([42, 114])
    covered = []
    for _ in range(600):
        scores = rng.random((5, len(labels)))
        aucs = [auc_score(labels, np.stack([1 - one, one], axis=1)) for one in scores]
        _, low, high = chance_interval(aucs, [error] * 5, 0.9)
        covered.append(low <= CHANCE <= high)
    assert np.mean(covered) == pytest.approx(0.9, abs=0.04)


def test_the_interval_is_around_the_mean() -> None:
    mean, low, high = chance_interval([0.4, 0.8], [0.3, 0.4], 0.95)
    assert mean == pytest.approx(0.6)
    # The root of 0.3^2 + 0.4^2, over 2.
    assert (high - mean, mean - low) == pytest.approx((1.959964 * 0.25, 1.959964 * 0.25))


@pytest.mark.parametrize("counts", [[5], [], [3, 0]])
def test_too_few_classes_or_samples_are_refused(counts: list[int]) -> None:
    with pytest.raises(DataError, match="expected at least 1 sample of 2 classes"):
        chance_error(counts)


def test_a_level_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="level"):
        chance_interval([0.5], [0.1], 1.0)
